/** If a socket breaks while a driver uses it, the caller gets Node's own error, such as EPIPE. */
export function isSocketError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && /^E[A-Z]+$/.test(error.code);
}
