import { expect } from 'chai';
import fc from 'fast-check';
import { build } from 'rolldown';
import * as messageRows from '../../sdk/adapters/message-rows.ts';
import * as peerWire from '../../sdk/core/peer-wire.ts';
import * as tabWire from '../../sdk/core/tab-wire.ts';
import * as signalingWire from '../../signaling/protocol/index.ts';
import { rootFolder } from '../tools/root.ts';

type Parse = (text: string) => unknown;

/** What is put in one place of a value; null leaves it out. */
interface Change {
  at: number;
  to: string | null;
}

const seed = 20_261_101;

const digest = 'd'.repeat(43);
const signed = { body: '{}', signature: 's'.repeat(86) };
const integrity = { mode: 'signed', keys: [{ kty: 'EC', crv: 'P-256', x: digest, y: digest }] };
const profile = { metered: true, saveData: false, uploadAllowed: true, peersAllowed: true };
const member = { viewerId: 'v-1', role: 'slave', uploads: true, weight: 1.5 };
const roles = { groupId: 'g', deviceRole: 'master', groupRole: 'secondary' };
const withheld = ['720p.m3u8'];
const directive = { type: 'directive', epoch: 3, ...roles, members: [member], withheld };
const request = { segmentId: 'a#1', url: 'u', byteRange: { start: 0, end: 9 }, durationMs: 2_000 };
const playlist = { playlistId: 'p', url: 'u', multivariant: false, versionHeld: -1 };
const progress = { bytes: 1, sizeBytes: null, tookMs: 1.5, firstByteMs: 1 };
const signal = { type: 'candidate', candidate: { sdpMid: '0', sdpMLineIndex: 0 } };
const welcome = {
  ...{ type: 'welcome', version: signalingWire.protocolVersion, viewerId: 'v-1', resumeKey: '' },
  ...{ resumed: false, heartbeatIntervalMs: 5_000 },
  iceServers: [{ urls: ['stun:a'], username: 'u' }, { urls: 'stun:b' }],
  integrity,
  sender: { from: 'u-1', role: 'moderator', name: 'Ada' },
  directive,
};
const join = {
  ...{ type: 'join', version: signalingWire.protocolVersion, room: 'r', token: 't', deviceId: 'd' },
  profile: { ...profile, batteryLevel: 0.5 },
  resumeKey: 'k',
};
const report = {
  ...{ type: 'report', epoch: 0, profile: { ...profile, batteryLevel: null }, bufferMs: 12.5 },
  ...{ edgeHealth: 'dark', uplinkBytesPerSecond: null, neighbourCount: 2, lostMembers: ['m'] },
  ...{ accusedMembers: [], plays: ['720p.m3u8'] },
};
const header = {
  ...{ id: 'm-1', room: 'r', from: 'u-1', role: 'host', kind: 'announcement', to: 'u-2' },
  ...{ mentions: ['u-3'], replyTo: 'm-0', thread: 't', sentAtMs: 1, priority: 'high' },
  expiresAtMs: 2,
};
const message = {
  header: { ...header, kind: 'chat', mentions: undefined, to: undefined },
  text: 'two\nlines',
};
const draft = {
  ...{ text: 'two\nlines, \u{1f44d}', kind: 'chat', to: 'u-2', mentions: ['u-3'], replyTo: 'm-0' },
  ...{ thread: 't', priority: 'normal', lifetimeMs: 5_000 },
};
const follows = [{ playlistId: '720p.m3u8', version: -1 }];
const holding = {
  ...{ type: 'holding', segment: 'a#1', sizeBytes: null, parts: [0, 1], complete: false },
  ...{ fetching: true, digests: [digest], descriptor: signed },
};

const pseudonym = 'p'.repeat(22);
const hashed = {
  ...{ message: pseudonym, from: pseudonym, room: pseudonym, thread: null, to: pseudonym },
  ...{ role: 'viewer', kind: 'reaction', priority: 'normal', mentions: [pseudonym] },
  ...{ replyTo: null, sentAtMs: 1_000, expiresAtMs: null },
};

/** One value at least that each kind of message takes. */
const taken: Record<string, unknown[]> = {
  parseServerFrame: [
    ...[welcome, directive, { type: 'integrity', integrity }, { type: 'heartbeat' }],
    ...[
      { type: 'descriptors', descriptors: [signed] },
      { type: 'signal', from: 'v-2', signal },
    ],
    { type: 'error', code: 'room_full', message: 'full', fatal: false, retryAfterMs: 10 },
    { type: 'bye', reason: 'shutdown', reconnectAfterMs: 0 },
    { type: 'messages', messages: [message, { ...message, name: 'Ada' }], isHistory: true },
    ...[
      { type: 'messageAccepted', reference: 'r.1', message },
      { type: 'messageAccepted', reference: 'r.2' },
    ],
    { type: 'messageRefused', reference: 'r.1', code: 'message_rate_limited', retryAfterMs: 9 },
    { type: 'messagesRemoved', ids: ['m-1'] },
  ],
  parseClientFrame: [
    ...[join, report, { type: 'leave' }, { type: 'attest', segmentId: 'a#1' }],
    { type: 'signal', to: 'v-2', signal },
    { type: 'message', reference: 'r.1', ...draft },
    { type: 'removeMessage', reference: 'r.1', id: 'm-1' },
  ],
  parseMessageDraft: [draft, { text: 'hi' }],
  parseMessageHeader: [header, message.header],
  parsePeerMessage: [
    ...[
      { type: 'hello', version: peerWire.peerVersion, follows },
      { type: 'follow', follows },
    ],
    ...[holding, { type: 'playlist', playlistId: 'p', text: '#EXTM3U' }],
    ...[
      { type: 'want', segment: 'a#1', blind: true },
      { type: 'unwant', segment: 'a#1' },
    ],
    ...[
      { type: 'unable', segment: 'a#1' },
      { type: 'playlistUnable', playlistId: 'p' },
    ],
    { type: 'request', requestId: 7, segment: 'a#1', part: 0 },
    ...[
      { type: 'refuse', requestId: 7, reason: 'busy' },
      { type: 'cancel', requestId: 7 },
    ],
  ],
  // All but the one with media, which is no JSON.
  parseTabMessage: [
    { type: 'ask', wanted: { type: 'segmentWanted', loadId: 1, request, deadlineMs: 9 } },
    { type: 'ask', wanted: { type: 'playlistWanted', loadId: 2, ...playlist } },
    ...[{ type: 'heard' }, { type: 'drop', loadId: 1 }],
    { type: 'progress', loadId: 1, progress },
    { type: 'playlist', loadId: 1, text: '#EXTM3U', version: 7 },
    { type: 'failed', loadId: 1, failure: { status: 404, reason: 'status' } },
    { type: 'failed', loadId: 1, failure: null },
  ],
  parseRow: [{ atMs: 5, type: 'markedNotImportant', header: hashed }],
  parseSettings: [
    {
      ...{ nudge: -0.5, threshold: null },
      adaptation: { modelVersion: 1, isActive: true, deltas: [0.5], counts: [2], gains: [-0.1] },
    },
  ],
  parseSignedDescriptor: [signed],
  parseDescriptor: [
    { room: 'r', segmentId: 'a#1', sizeBytes: 10, digests: [digest], createdAtMs: 1 },
  ],
};

/** What a stranger puts in the place of anything. JSON text, as not all of it comes out of `JSON.stringify`. */
const odd = fc.oneof(
  fc.constantFrom('null', '1e999', '-1', '0.5', '""', '[]', '{}', '[[]]', 'true', '4294967296'),
  fc.constantFrom('9007199254740993', '{"__proto__":1}', '{"constructor":{}}', '"a b"', '{"a":[]}'),
  fc.nat(2_000).map((length) => JSON.stringify('x'.repeat(length))),
  fc.nat(600).map((length) => JSON.stringify(Array(length).fill(0))),
  fc.json({ maxDepth: 2 }),
);

/** The text of a value, with as many places of it exchanged, left out or added as there are `changes`. */
function textWith(value: unknown, changes: Change[]): string {
  const marks: string[] = [];
  let text = JSON.stringify(value);
  for (const { at, to } of changes) {
    const tree = JSON.parse(text) as unknown;
    const places = placesOf(tree);
    const place = places[at % Math.max(1, places.length)];
    if (!place) continue;
    const { owner, key } = place;
    if (to === null) delete owner[key];
    else {
      marks.push(to);
      owner[at % 5 === 0 ? 'added' : key] = `mark ${marks.length - 1} of a change`;
    }
    text = JSON.stringify(tree);
  }
  return text.replace(/"mark (\d+) of a change"/g, (_mark, index) => marks[Number(index)] ?? '');
}

function placesOf(tree: unknown): { owner: Record<string, unknown>; key: string }[] {
  if (typeof tree !== 'object' || tree === null) return [];
  const owner = tree as Record<string, unknown>;
  return Object.keys(owner).flatMap((key) => [{ owner, key }, ...placesOf(owner[key])]);
}

/** A refusal's own words are not part of the contract. */
function verdictOf(parse: Parse, text: string): unknown {
  const parsed = parse(text) as { ok?: boolean; refusal?: { code: string; message: string } };
  if (parsed?.ok !== false || !parsed.refusal) return parsed;
  const { code, message } = parsed.refusal;
  return { code, path: code === 'frame_invalid' ? message.split(':')[0] : message };
}

/** What comes as a structured clone, or from the app, is given as what its JSON says. */
function withJson(parsers: object): Record<string, Parse> {
  const all = parsers as Record<string, Parse>;
  const { parseRow } = parsers as typeof messageRows;
  const read =
    (parse: ((value: never) => unknown) | undefined): Parse =>
    (text) =>
      parse?.(JSON.parse(text) as never);
  return {
    ...all,
    parseTabMessage: read(all.parseTabMessage),
    parseMessageDraft: read(all.parseMessageDraft),
    parseMessageHeader: read(all.parseMessageHeader),
    parseSettings: read(all.parseSettings),
    parseRow: read((value) => parseRow(7, value)),
  };
}

/** The parsers as a page has them. */
async function withStandIn(): Promise<Record<string, Parse>> {
  const { output } = await build({
    input: 'parsers',
    write: false,
    plugins: [
      {
        name: 'stand-in',
        resolveId: (id) => {
          if (id === 'valibot') return `${rootFolder}/sdk/shims/valibot/valibot.ts`;
          return id === 'parsers' ? id : null;
        },
        load: (id) =>
          id === 'parsers'
            ? `export * from '${rootFolder}/sdk/core/peer-wire.ts';
               export * from '${rootFolder}/sdk/adapters/message-rows.ts';
               export * from '${rootFolder}/sdk/core/tab-wire.ts';
               export * from '${rootFolder}/signaling/protocol/index.ts';`
            : null,
      },
    ],
  });
  const code = Buffer.from(output[0].code).toString('base64');
  return await import(`data:text/javascript;base64,${code}`);
}

describe('the stand-in for valibot', () => {
  const real = withJson({ ...peerWire, ...tabWire, ...messageRows, ...signalingWire });
  let standIn: Record<string, Parse>;
  let slim: Record<string, Parse>;
  before(async () => {
    standIn = await withStandIn();
    slim = withJson(standIn);
  });

  it('takes what an app leaves open as valibot does', () => {
    const open = { ...draft, to: undefined, mentions: undefined };
    for (const value of [open, { text: undefined }, { ...open, kind: null }])
      expect(standIn.parseMessageDraft?.(value as never)).to.deep.equal(
        signalingWire.parseMessageDraft(value),
      );
    expect(signalingWire.parseMessageDraft(open)).to.deep.equal(open);
  });

  it('takes undefined for what an object of the app lacks', () => {
    const lacking = { ...header, to: undefined, mentions: undefined, thread: undefined };
    for (const { parseMessageHeader } of [signalingWire, standIn]) {
      expect(parseMessageHeader?.(lacking as never)).to.deep.include({ id: 'm-1', replyTo: 'm-0' });
      expect(parseMessageHeader?.({ ...header, from: undefined } as never)).to.equal(null);
    }
  });

  for (const [name, values] of Object.entries(taken)) {
    const parsers = () => ({ real: real[name] as Parse, slim: slim[name] as Parse });

    it(`takes what valibot takes in ${name}`, () => {
      for (const value of values) {
        const text = JSON.stringify(value);
        const expected = parsers().real(text) as { ok?: boolean } | null;
        expect(expected?.ok ?? expected !== null, text).to.equal(true);
        expect(parsers().slim(text)).to.deep.equal(expected);
      }
    });

    it(`says the same as valibot of whatever strangers send to ${name}`, () => {
      const change = fc.record({ at: fc.nat(1_000), to: fc.option(odd, { nil: null }) });
      const changes = fc.array(change, { minLength: 1, maxLength: 3 });
      const anything = fc.oneof(
        { weight: 9, arbitrary: fc.tuple(fc.constantFrom(...values), changes) },
        { weight: 1, arbitrary: fc.tuple(fc.jsonValue(), fc.constant<Change[]>([])) },
      );
      fc.assert(
        fc.property(anything, ([value, altered]) => {
          const text = textWith(value, altered);
          const expected = verdictOf(parsers().real, text);
          expect(verdictOf(parsers().slim, text)).to.deep.equal(expected);
        }),
        { seed, numRuns: 1_500 },
      );
    });
  }
});
