/** `npm run train:messages -- --data DIR`: from recorded headers to signed rules and a report. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parseModel, rulesOf } from '../../sdk/core/messages/model.ts';
import { Random } from '../sim/world/random.ts';
import { rootFolder } from '../tools/root.ts';
import { goldenModule, goldenVectors } from './golden.ts';
import { judgeRules } from './judge-rules.ts';
import { learn, learnable } from './learning.ts';
import { rulesListing } from './report-text.ts';
import { rulesText, shippedModule, signRules } from './rules-file.ts';

const usage = `npm run train:messages -- --data DIR [options]

  --data DIR     folder with irc-train.jsonl.gz and gitter-train.jsonl.gz, see test/training/README.md
  --seed N       default 1: the same data and seed give the same rules
  --version N    of the rules, default 1: pages refuse rules that are not newer than theirs
  --key FILE     Ed25519 private key in PEM that signs them; default a fresh one, which is thrown away
  --judge-only   prints the report and writes nothing`;

const learnedFrom =
  'replies in Ubuntu IRC (Kummerfeld et al., ACL 2019, CC-BY-4.0) and in freeCodeCamp Gitter rooms (BSD-3-Clause)';

const options = readOptions();
const progress = (text: string) => console.error(text);
const { pairs, fitted, report } = judgeRules(options.data, options.seed, progress);
console.log(report);

if (!options.judgeOnly) {
  const everything = learn(
    pairs,
    () => true,
    learnable,
    new Random(options.seed).fork('all'),
    (done) => {
      if (done % 20 === 0) progress(`The rules to ship, from everything: round ${done}`);
    },
  );
  const { version } = options;
  const { calibration, threshold } = fitted;
  const text = rulesText(everything, calibration, { version, learnedFrom, threshold });
  const parsed = parseModel(text, version - 1);
  if (!parsed.ok) throw new Error(`${parsed.code}: ${parsed.message}`);
  const bytes = Buffer.byteLength(text);
  write('sdk/core/messages/shipped/rules.ts', shippedModule(text, signRules(text, options.key)));
  write(
    'sdk/core/messages/shipped/RULES.md',
    rulesListing(rulesOf(parsed.model), parsed.model, bytes),
  );
  write('test/fixtures/message-features.ts', goldenModule(goldenVectors()));
  write('test/training/REPORT.md', report);
  progress(`${bytes} bytes of rules, version ${version}`);
}

function write(file: string, text: string): void {
  writeFileSync(join(rootFolder, file), text);
  progress(`Wrote ${file}`);
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        data: { type: 'string' },
        seed: { type: 'string', default: '1' },
        version: { type: 'string', default: '1' },
        key: { type: 'string' },
        'judge-only': { type: 'boolean', default: false },
      },
    });
    const [seed, version] = [Number(values.seed), Number(values.version)];
    if (!values.data) throw new Error('--data: name the folder of the recorded chats');
    if (!Number.isSafeInteger(seed)) throw new Error('--seed: a whole number');
    if (!Number.isSafeInteger(version) || version < 1) throw new Error('--version: 1 or more');
    readFileSync(join(values.data, 'irc-train.jsonl.gz'));
    const { data, key = null, 'judge-only': judgeOnly } = values;
    return { data, seed, version, key, judgeOnly };
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    process.exit(2);
  }
}
