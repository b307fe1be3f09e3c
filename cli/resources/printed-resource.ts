import type { Manifest } from '../../contracts/manifests/manifest.ts';
import { kindOf, wordOfManifest } from './kinds.ts';
import type { Printed } from './print.ts';

/** A resource from an answer of the API, for printing. */
export function printedResource(body: {
  readonly kind: Manifest['kind'];
  readonly metadata: { readonly name: string };
}): Printed['items'][number] {
  return { kind: kindOf(wordOfManifest[body.kind]), listed: { name: body.metadata.name, body } };
}
