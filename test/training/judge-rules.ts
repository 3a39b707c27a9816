import { Random } from '../sim/world/random.ts';
import { readGitter, readIrc } from './chat-files.ts';
import { type CrossFit, crossFit } from './cross-fit.ts';
import { type Pairs, pairsOf } from './pairs.ts';
import { reportText } from './report-text.ts';

/**
 * Replays the recorded chats of a folder and judges rules on users and days that they were not learned from. Takes some
 * minutes.
 */
export function judgeRules(
  folder: string,
  seed: number,
  progress: (text: string) => void,
): { pairs: Pairs; fitted: CrossFit; report: string } {
  const random = new Random(seed);
  progress('Reading ...');
  const chats = [...readIrc(folder), readGitter(folder)];
  const pairs = pairsOf(chats, (done) => {
    if (done % 25 === 0) progress(`Replayed ${done} of ${chats.length} chats`);
  });
  progress(`${pairs.count} pairs of a message and a user`);
  const fitted = crossFit(pairs, random.fork('folds'), progress);
  return { pairs, fitted, report: reportText(pairs, fitted, random.fork('report')) };
}
