import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** A message of a chat that was recorded: who, when, whom; never what. */
export interface RecordedMessage {
  room: string;
  atMs: number;
  from: string;
  to: string | null;
  mentions: string[];
  textLength: number;
  /** Line in its file, by which others answer it. */
  line: number;
  /** Lines that it answers, as annotators found; null where nobody has looked. */
  answers: number[] | null;
}

export interface RecordedChat {
  source: 'irc' | 'gitter';
  /** Of one file of IRC, or of all rooms of Gitter, in order of time. */
  messages: RecordedMessage[];
}

interface IrcLine {
  file?: string;
  annotated?: [number, number];
  i: number;
  t: number;
  from: string;
  len: number;
  to?: string;
  mentions?: string[];
  replyTo?: number[];
}

const dayMs = 86_400_000;

/** Each file is a day of its own: the first 1000 lines or so are not annotated. */
export function readIrc(folder: string): RecordedChat[] {
  const chats: RecordedChat[] = [];
  let annotated: [number, number] = [0, 0];
  let [dayAtMs, lastAtMs] = [0, 0];
  for (const line of linesOf<IrcLine>(folder, 'irc-train.jsonl.gz')) {
    if (line.file) {
      annotated = line.annotated ?? [0, 0];
      // 2004-12-25 from train/2004-12-25.train-c.
      dayAtMs = Date.parse(`${line.file.slice(6, 16)}T00:00:00Z`);
      lastAtMs = 0;
      chats.push({ source: 'irc', messages: [] });
      continue;
    }
    // Times are those of the day: past midnight they start anew.
    if (dayAtMs + line.t * 1_000 < lastAtMs - dayMs / 2) dayAtMs += dayMs;
    lastAtMs = dayAtMs + line.t * 1_000;
    const isAnnotated = line.i >= annotated[0] && line.i <= annotated[1];
    chats.at(-1)?.messages.push({
      room: 'irc',
      atMs: lastAtMs,
      from: line.from,
      to: line.to ?? null,
      mentions: line.mentions ?? [],
      textLength: line.len,
      line: line.i,
      answers: isAnnotated ? (line.replyTo ?? []) : null,
    });
  }
  return chats;
}

interface GitterLine {
  room?: string;
  t: number;
  from: string;
  len: number;
  mentions?: string[];
}

/** One chat of all rooms: people are in several of them. */
export function readGitter(folder: string): RecordedChat {
  const messages: RecordedMessage[] = [];
  let room = '';
  for (const line of linesOf<GitterLine>(folder, 'gitter-train.jsonl.gz')) {
    if (line.room) room = line.room;
    else
      messages.push({
        room,
        atMs: line.t,
        from: line.from,
        to: null,
        mentions: line.mentions ?? [],
        textLength: line.len,
        line: messages.length,
        answers: null,
      });
  }
  messages.sort((a, b) => a.atMs - b.atMs || a.line - b.line);
  return { source: 'gitter', messages };
}

function linesOf<Line>(folder: string, file: string): Line[] {
  const text = gunzipSync(readFileSync(join(folder, file))).toString('utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}
