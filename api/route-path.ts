/** `/v1/tenants/{name}:activate` as express takes it. */
export function expressPath(path: string): string {
  return path.replaceAll(':', '\\:').replaceAll(/\{(\w+)\}/g, ':$1');
}
