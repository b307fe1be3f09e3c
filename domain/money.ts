import type { PlanSpec } from '../contracts/manifests/plan.ts';

type Price = NonNullable<PlanSpec['price']>;

const decimals = 4;

function inSmallUnits({ amount }: Price): bigint {
  const [whole = '0', fraction = ''] = amount.split('.');
  return BigInt(whole + fraction.padEnd(decimals, '0'));
}

/** `next` minus `current`, exact; `undefined` if a price is unknown or the currencies differ. */
export function priceDifference(current: Price | undefined, next: Price | undefined): Price | undefined {
  if (current === undefined || next === undefined || current.currency !== next.currency) return undefined;
  const difference = inSmallUnits(next) - inSmallUnits(current);
  const digits = (difference < 0n ? -difference : difference).toString().padStart(decimals + 1, '0');
  const amount = `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`.replace(/(\.\d\d)0+$/, '$1');
  return { amount: difference < 0n ? `-${amount}` : amount, currency: next.currency };
}
