/** Every workflow type that a worker runs; the bundle is built from here. A path's type is its name in the contract. */
export { activate } from './activate.ts';
export { archive } from './archive.ts';
export { changePlan as change_plan } from './change-plan.ts';
export { deleteTenant as delete } from './delete.ts';
export { driftScan } from './drift-scan.ts';
export { purge } from './purge.ts';
export { reactivate } from './reactivate.ts';
export { reconcile } from './reconcile.ts';
export { resume } from './resume.ts';
export { rollOut } from './roll-out.ts';
export { suspend } from './suspend.ts';
export { sweep } from './sweep.ts';
export { undelete } from './undelete.ts';
export { verifyIsolation } from './verify-isolation.ts';
