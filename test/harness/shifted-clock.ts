/** Loaded before a process (`--import`): shifts its clock by TEST_CLOCK_SHIFT_MS. */
const shiftMs = Number(process.env['TEST_CLOCK_SHIFT_MS']);
const realNow = Date.now;

globalThis.Date = new Proxy(Date, {
  construct: (target, given, newTarget) =>
    Reflect.construct(target, given.length === 0 ? [realNow() + shiftMs] : given, newTarget),
  apply: () => new Date(realNow() + shiftMs).toString(),
});
Date.now = () => realNow() + shiftMs;
