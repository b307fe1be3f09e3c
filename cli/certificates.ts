import { usageFailure } from './failure.ts';
import { fixOf, readText, reasonOf } from './text/read-text.ts';

const certificate = /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]+-----END (?:TRUSTED )?CERTIFICATE-----/g;
const form = 'use a file with certificates in PEM format (-----BEGIN CERTIFICATE-----)';

/** Reads the certificates in a file. @throws CliFailure usage */
export function readCertificates(path: string): readonly string[] {
  let text: string;
  try {
    text = readText(path);
  } catch (error) {
    throw usageFailure(`the certificates in ${path} cannot be read: ${reasonOf(error)}`, fixOf(error, form));
  }
  const found = text.match(certificate);
  if (found === null) throw usageFailure(`${path} contains no certificate`, form);
  return found;
}
