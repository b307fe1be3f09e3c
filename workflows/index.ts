/**
 * Every workflow type that a worker runs; the bundle is built from this file. The type of a lifecycle path is the
 * path's name in the contract.
 */
export { deliverWebhook } from './deliver-webhook.ts';
export { driftScan } from './drift-scan.ts';
export {
  activate,
  archive,
  changePlan as change_plan,
  deleteTenant as delete,
  purge,
  reactivate,
  reconcile,
  resume,
  suspend,
  undelete,
} from './paths.ts';
export { rollOut } from './roll-out.ts';
export { sweep } from './sweep.ts';
export { verifyIsolation } from './verify-isolation.ts';
