/** Every workflow type that a worker runs; the bundle is built from here. */
export { activate } from './activate.ts';
export { sweep } from './sweep.ts';
