import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { connect } from './signaling-client.ts';

const main = fileURLToPath(new URL('../../signaling/main.ts', import.meta.url));

describe('signaling: the program', () => {
  let child: ChildProcess | null = null;
  afterEach(() => {
    if (child?.exitCode === null) child.kill('SIGKILL');
  });

  function run(environment: Record<string, string>, args: string[] = []) {
    const { HOME = '', PATH = '' } = process.env;
    child = spawn(process.execPath, [main, ...args], { env: { HOME, PATH, ...environment } });
    const output = { out: '', error: '' };
    child.stdout?.on('data', (data) => (output.out += String(data)));
    child.stderr?.on('data', (data) => (output.error += String(data)));
    return { child, output, exit: once(child, 'close').then(([code]) => code as number) };
  }

  it('makes a key, says so, serves loopback, and on SIGTERM says bye and exits with 0', async () => {
    const { child, output, exit } = run({ HOLDFAST_PORT: '0' });
    while (!output.out.includes('HOLDFAST_KEY is not set'))
      await once(child.stdout as never, 'data');
    const url = /"url":"(ws:\/\/127\.0\.0\.1:\d+\/)"/.exec(output.out)?.[1];
    const client = await connect(url ?? '');
    child.kill('SIGTERM');
    expect((await client.closed).code).to.equal(1001);
    expect(await exit).to.equal(0);
    expect(output.error).to.equal('');
  });

  for (const [name, environment, args, message] of [
    ['a public address without a key', { HOLDFAST_HOST: '0.0.0.0' }, [], 'key_required: '],
    [
      'a public address without origins',
      { HOLDFAST_HOST: '0.0.0.0', HOLDFAST_KEY: 'k'.repeat(32) },
      [],
      'config_invalid: origins',
    ],
    ['a short key', { HOLDFAST_KEY: 'short' }, [], 'key_invalid: '],
    ['an unknown variable', { HOLDFAST_PROT: '1' }, [], 'config_invalid: HOLDFAST_PROT'],
    ['a bad port', { HOLDFAST_PORT: '70000' }, [], 'config_invalid: HOLDFAST_PORT'],
    ['an unknown option', {}, ['--verbose'], 'config_invalid: arguments'],
  ] as const) {
    it(`does not start with ${name}`, async () => {
      const { output, exit } = run(environment, [...args]);
      expect(await exit).to.equal(1);
      expect(output.error).to.match(new RegExp(`^${message}`));
      expect(output.error.trim().split('\n')).to.have.length(1);
    });
  }
});
