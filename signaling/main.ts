import { readConfig } from './adapters/config.ts';
import { SignalingError } from './adapters/errors.ts';
import { startSignaling } from './adapters/server.ts';

const write = (line: string) => process.stdout.write(`${line}\n`);

try {
  const server = await startSignaling({
    ...readConfig(process.env, process.argv.slice(2)),
    log: write,
  });
  if (server.keyGenerated) {
    write(
      'HOLDFAST_KEY is not set: tokens are checked with a key made now, and only loopback is served',
    );
  }
  const stop = () => {
    // A second signal ends the process at once, as by default.
    process.off('SIGINT', stop).off('SIGTERM', stop);
    void server.close().then(() => write('closed'));
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
} catch (error) {
  if (!(error instanceof SignalingError)) throw error;
  process.stderr.write(`${error.code}: ${error.message}\n`);
  process.exitCode = 1;
}
