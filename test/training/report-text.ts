import type { Model, Rule } from '../../sdk/core/messages/model.ts';
import type { Random } from '../sim/world/random.ts';
import { baselines } from './baselines.ts';
import type { CrossFit } from './cross-fit.ts';
import { calibrationError } from './judge.ts';
import type { Pairs } from './pairs.ts';
import { judgeAll, judgedOf, type Scorer, verdictTable } from './report.ts';

/** Lines of a log after which its state is judged on Gitter. */
const loggedMin = 300;

/** What the rules are worth, on users and days that they were not learned from. */
export function reportText(pairs: Pairs, fitted: CrossFit, random: Random): string {
  const { rows, ours, headerOnly, threshold } = fitted;
  const scorers: Scorer[] = [
    ...Object.entries(baselines(random.fork('scores'))).map(([name, score]) => {
      const scores = new Float64Array(pairs.count);
      for (const row of rows) scores[row] = score(pairs, row);
      return { name, scores };
    }),
    { name: 'rules of the header alone, learned', scores: headerOnly },
    { name: 'rules of header and log (ours)', scores: ours },
  ];
  const irc = rows.filter((row) => pairs.isGitter[row] === 0);
  const gitter = rows.filter((row) => pairs.isGitter[row] === 1);
  const early = gitter.filter((row) => (pairs.logged[row] as number) < loggedMin);
  const late = gitter.filter((row) => (pairs.logged[row] as number) >= loggedMin);
  const section = (title: string, judged: Int32Array) => {
    const { users, verdicts } = judgeAll(pairs, judged, scorers, random.fork(title));
    const replies = judged.reduce((sum, row) => sum + (pairs.labels[row] as number), 0);
    const what = `${judged.length} pairs, ${replies} replies, ${users} users with at least three`;
    return `## ${title}\n\n${what}.\n\n${verdictTable(verdicts)}\n`;
  };
  const judged = judgedOf(pairs, irc, ours);
  const probabilities = judged.scores.map((logit) => 1 / (1 + Math.exp(-logit)));
  const error = calibrationError({ scores: probabilities, labels: judged.labels });
  return `# Which messages matter: what the rules are worth

Written by \`npm run train:messages\`; [README.md](README.md) says what is learned and how. No public data says who
*viewed* a message: **"replies to it" stands in for "is likely to view it"** in every figure here. Each user and each day
that is judged was kept from the rules that judge them (four shares of users times four of days). The intervals are bootstraps
over users. Annotators of IRC agree among themselves with an F1 of 0.83, which bounds what anything can reach.

${section('IRC: replies as people annotated them', irc)}
Calibration: predicted and observed replies differ by ${(error * 100).toFixed(2)} percentage points on average, over ten
bins of equally many pairs. The shipped threshold, a probability of ${threshold.toPrecision(2)}, is exceeded by 5 % of them.

${section(`Gitter, after ${loggedMin} lines of the log: mentions within ten minutes (noisy)`, late)}
${section(`Gitter, before ${loggedMin} lines of the log`, early)}`;
}

/** All rules in words, by what they are about, the strongest first. */
export function rulesListing(rules: readonly Rule[], model: Model, bytes: number): string {
  const logitByText = new Map<string, number>();
  for (const { text, logit } of rules) logitByText.set(text, (logitByText.get(text) ?? 0) + logit);
  const sorted = [...logitByText].sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]));
  const lines = sorted.map(([text, logit]) => `| ${logit.toFixed(3)} | ${text} |`);
  return `# The rules that are shipped

Written by \`npm run train:messages\`. Version ${model.version}, ${bytes} bytes, learned from ${model.learnedFrom}. To
${model.bias.toFixed(3)} is added what stands beside each line that holds; from ${model.threshold.toFixed(3)} on a message is
important. "Lately" fades with a half-life of ten minutes, other counts with one of two weeks.

| adds | when |
|---|---|
${lines.join('\n')}
`;
}
