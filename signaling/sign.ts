#!/usr/bin/env node
/** `npx holdfast-sign`: the publisher's side of integrity. */

import { SignalingError } from './adapters/errors.ts';
import { publish } from './adapters/publisher.ts';
import { writeKey } from './adapters/sign-files.ts';
import { readSignOptions, signHelp } from './adapters/sign-options.ts';
import { generateKey } from './adapters/signer.ts';

const say = (line: string) => process.stderr.write(`${line}\n`);

try {
  const options = readSignOptions(process.argv.slice(2), process.env);
  if (options.command === 'help') process.stdout.write(signHelp);
  else if (options.command === 'new-key') {
    process.stdout.write(`${writeKey(options.file, generateKey())}\n`);
    say(`wrote the private key to ${options.file}; above is the public key`);
  } else {
    const stop = new AbortController();
    // A second signal ends the process at once, as by default.
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
    await publish(options, {
      signal: stop.signal,
      onKey: (key) => process.stdout.write(`${JSON.stringify(key)}\n`),
      say,
    });
  }
} catch (error) {
  if (!(error instanceof SignalingError)) throw error;
  say(`${error.code}: ${error.message}`);
  process.exitCode = 1;
}
