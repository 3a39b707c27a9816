import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { AgentError } from '../../sdk/agent/errors.ts';
import { readAgentOptions } from '../../sdk/agent/options.ts';

const args = [
  'https://edge.example/live/master.m3u8',
  '--signaling',
  'wss://signaling.example',
  '--room',
  'final',
  '--site',
  'school-12',
];
const environment = { HOLDFAST_TOKEN: 'token' };

const replaced = (name: string, value: string) => {
  const place = args.indexOf(name);
  return args.map((each, index) => (index === place + 1 ? value : each));
};

describe('the options of an agent', () => {
  it('are read, with defaults', () => {
    const options = readAgentOptions(args, environment);
    expect(options).to.deep.include({
      streamUrl: args[0],
      signalingUrl: 'wss://signaling.example',
      room: 'final',
      site: 'school-12',
      uploadBytesPerSecondMax: 25_000_000,
      memoryBytesMax: 134_217_728,
    });
    expect(options?.token()).to.equal('token');
    expect(readAgentOptions(['--help'], {})).to.equal(null);
  });

  it('take a token from a file that may be written anew', () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-'));
    const file = join(folder, 'token');
    writeFileSync(file, 'first\n');
    const options = readAgentOptions([...args, '--token-file', file], {});
    expect(options?.token()).to.equal('first');
    writeFileSync(file, 'second\n');
    expect(options?.token()).to.equal('second');
    rmSync(folder, { recursive: true });
  });

  it('that cannot work are refused, each by its name', () => {
    const cases: [string[], string, Record<string, string>?][] = [
      [[], 'STREAM'],
      [['ftp://x', ...args.slice(1)], 'STREAM'],
      [['https://', ...args.slice(1)], 'STREAM'],
      [[...args, 'https://another.example/x.m3u8'], 'STREAM'],
      [replaced('--signaling', 'https://signaling.example'), '--signaling'],
      [replaced('--room', ''), '--room'],
      [replaced('--room', 'x'.repeat(129)), '--room'],
      [replaced('--site', 'a b'), '--site'],
      [replaced('--site', 'x'.repeat(65)), '--site'],
      [[...args, '--upload-mbps', '0'], '--upload-mbps'],
      [[...args, '--upload-mbps', 'fast'], '--upload-mbps'],
      [[...args, '--memory-mb', '-3'], '--memory-mb'],
      [[...args, '--token-file', '/nowhere/token'], '--token-file'],
      [[...args, '--unknown'], '--unknown'],
      [args, 'HOLDFAST_TOKEN', {}],
    ];
    for (const [given, named, variables = environment] of cases) {
      const read = () => readAgentOptions(given, variables);
      expect(read, given.join(' '))
        .to.throw(AgentError, named)
        .with.property('code', 'config_invalid');
    }
  });
});
