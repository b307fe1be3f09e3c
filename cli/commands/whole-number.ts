import { InvalidArgumentError } from 'commander';

/** The value of an option that counts something, at least 1. */
export function parseWholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1)
    throw new InvalidArgumentError('Write a whole number greater than zero.');
  return number;
}

/** The same, at least 0. */
export function parseCount(text: string): number {
  return /^0+$/.test(text) ? 0 : parseWholeNumber(text);
}
