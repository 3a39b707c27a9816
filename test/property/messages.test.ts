import { expect } from 'chai';
import fc from 'fast-check';
import {
  limits as defaults,
  type Message,
  parseClientFrame,
  parseMessageDraft,
  parseMessageHeader,
  parseServerFrame,
} from '../../signaling/protocol/index.ts';
import {
  createMessagesWorld,
  type MessagesWorld,
  type Reader,
} from '../unit/pure/messages-world.ts';

const seed = 20_260_301;

type Step =
  | { do: 'join'; viewer: number; room: number; role: number; isReturning: boolean }
  | { do: 'leave'; viewer: number }
  | { do: 'send'; viewer: number; frame: unknown }
  | { do: 'remove'; viewer: number; nth: number }
  | { do: 'advance'; ms: number };

const id = fc.stringMatching(/^[\w.:-]{1,64}$/);
const person = fc.string({ minLength: 1, maxLength: defaults.subjectLengthMax });
const text = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }),
  fc.constantFrom('👍', ':tada:', 'a\nb\tc', 'x'.repeat(2_000), '漢'.repeat(2_000)),
);
const frame = fc.record(
  {
    type: fc.constant('message' as const),
    reference: fc.nat({ max: 30 }).map((nth) => `r${nth}`),
    text,
    kind: fc.constantFrom('chat', 'chat', 'announcement', 'reaction'),
    to: person,
    mentions: fc.array(person, { maxLength: defaults.mentionsMax }),
    replyTo: id,
    thread: id,
    priority: fc.constantFrom('normal', 'high'),
    lifetimeMs: fc.integer({ min: 5_000, max: 86_400_000 }),
  },
  { requiredKeys: ['type', 'reference', 'text'], noNullPrototype: true },
);
const junk = fc.oneof(
  fc.constantFrom(
    null,
    '',
    ' ',
    -1,
    1e308,
    [],
    {},
    '__proto__',
    '\u0000',
    '\ud800',
    'x'.repeat(3_000),
  ),
  fc.anything(),
);

/** Replaces one field by something else, or adds one; every second time. */
function mutated(arbitrary: fc.Arbitrary<object>): fc.Arbitrary<unknown> {
  return fc.oneof(
    arbitrary,
    fc
      .tuple(arbitrary, fc.nat(), junk, fc.constantFrom('from', 'role', 'id', 'header', 'x'))
      .map(([value, at, bad, extra]) => {
        const keys = [...Object.keys(value), extra];
        return { ...value, [keys[at % keys.length] as string]: bad };
      }),
  );
}

const record = <Name extends string>(name: Name, fields: object) =>
  fc.record({ do: fc.constant(name), ...fields }) as fc.Arbitrary<never>;
const viewer = fc.nat({ max: 7 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: record('join', {
      ...{ viewer, room: fc.nat({ max: 3 }), role: fc.nat({ max: 2 }), isReturning: fc.boolean() },
    }),
  },
  { weight: 1, arbitrary: record('leave', { viewer }) },
  { weight: 12, arbitrary: record('send', { viewer, frame }) },
  { weight: 3, arbitrary: record('send', { viewer, frame: mutated(frame) }) },
  { weight: 2, arbitrary: record('remove', { viewer, nth: fc.nat({ max: 40 }) }) },
  {
    weight: 6,
    arbitrary: record('advance', {
      ms: fc.oneof(fc.integer({ min: 0, max: 1_500 }), fc.integer({ min: 0, max: 90_000 })),
    }),
  },
);

/** Everybody is there at first. Of the default size there would be too few for anything to happen. */
const steps = fc
  .tuple(
    fc.array(step, { minLength: 20, maxLength: 100, size: 'max' }),
    fc.array(fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 2 })), { minLength: 8, maxLength: 8 }),
  )
  .map(([later, seats]): Step[] => [
    ...seats.map(([room, role], viewer) => {
      return { do: 'join', viewer, room, role, isReturning: false } as const;
    }),
    ...later,
  ]);

/** As it comes out of a socket; undefined where that would have been refused. */
function parsed(value: unknown) {
  const result = parseClientFrame(JSON.stringify(value) ?? 'null');
  return result.ok ? result.value : undefined;
}

/** What was taken, who was there, and what was taken back. */
interface Past {
  sent: Map<string, { message: Message; witnesses: Reader[] }>;
  removed: Set<string>;
}

function perform(world: MessagesWorld, step: Step, { sent, removed }: Past): void {
  if (step.do === 'advance') return world.advance(step.ms);
  const connectionId = `v${step.viewer}`;
  if (step.do === 'join') {
    if (world.readers.has(connectionId)) world.leave(connectionId);
    const role = (['viewer', 'moderator', 'host'] as const)[step.role] ?? 'viewer';
    // Two viewers are one person.
    const subject = `s${step.viewer % 4}`;
    world.join(connectionId, {
      room: `room ${step.room}`,
      subject,
      role,
      isReturning: step.isReturning,
    });
    return;
  }
  if (!world.readers.has(connectionId)) return;
  if (step.do === 'leave') return world.leave(connectionId);
  if (step.do === 'remove') {
    const id = [...sent.keys()][step.nth % Math.max(1, sent.size)] ?? 'none';
    if (!('code' in world.remove(connectionId, id))) removed.add(id);
    return;
  }
  const wire = parsed(step.frame);
  if (wire?.type !== 'message') return;
  const answer = world.send(connectionId, wire, wire.reference);
  if (!('code' in answer) && answer.message) {
    const { message } = answer;
    const { id, from, room } = message.header;
    expect(from).to.equal(`s${step.viewer % 4}`);
    const witnesses = [...world.readers.values()].filter((reader) => reader.room === room);
    if (!sent.has(id)) sent.set(id, { message, witnesses });
  }
}

const bounds = {
  ...{ messageHistoryMax: 4, messageHistoryBytesMax: 9_000, messageHistoriesBytesMax: 20_000 },
  ...{ messageRemovalsMax: 3, messageSendersMax: 3, messageRepeatsMax: 6, roomsMax: 2 },
  ...{ messagesPerFrameMax: 5, frameBytesMax: 12_000 },
};

function checkBounds(world: MessagesWorld): void {
  const { kept, keptBytes, senders, repeats, rooms, viewers } = world.core.stats();
  const occupied = new Set([...world.readers.values()].map(({ room }) => room)).size;
  expect(viewers).to.equal(world.readers.size);
  expect(rooms).to.be.within(occupied, occupied + bounds.roomsMax);
  expect(kept).to.be.within(0, rooms * bounds.messageHistoryMax);
  expect(keptBytes).to.be.within(0, bounds.messageHistoriesBytesMax);
  expect(senders).to.be.at.most(bounds.messageSendersMax);
  expect(repeats).to.be.at.most(bounds.messageRepeatsMax);
}

function checkReaders(world: MessagesWorld): void {
  for (const { heard } of world.readers.values()) {
    const ids = heard.map(({ message }) => message.header.id);
    expect(new Set(ids).size, 'nobody is told twice on one connection').to.equal(ids.length);
    const firstLive = heard.findIndex(({ isHistory }) => !isHistory);
    if (firstLive >= 0)
      expect(heard.slice(firstLive).every(({ isHistory }) => !isHistory)).to.equal(true);
    const times = heard.map(({ message }) => message.header.sentAtMs);
    expect(times).to.deep.equal(times.toSorted((a, b) => a - b));
    for (const { message, atMs } of heard)
      if (message.header.expiresAtMs !== undefined)
        expect(message.header.expiresAtMs).to.be.above(atMs);
  }
}

/** Whoever was there all the while was told of it, but of what was taken back, or had ended, before that. */
function checkTold(world: MessagesWorld, { sent, removed }: Past): void {
  for (const [id, { message, witnesses }] of sent) {
    const { sentAtMs, expiresAtMs = Number.POSITIVE_INFINITY } = message.header;
    if (removed.has(id) || expiresAtMs < sentAtMs + 10_000) continue;
    for (const reader of witnesses)
      if (world.readers.get(reader.connectionId) === reader)
        expect(reader.heard.map(({ message: told }) => told.header.id)).to.include(id);
  }
}

describe('messages: the core', () => {
  it('keeps to its limits and tells everybody everything once, whatever comes', () => {
    let sentCount = 0;
    let removedCount = 0;
    fc.assert(
      fc.property(steps, (all) => {
        const world = createMessagesWorld(bounds);
        const past: Past = { sent: new Map(), removed: new Set() };
        for (const each of all) {
          perform(world, each, past);
          checkBounds(world);
        }
        world.advance(1_000);
        checkReaders(world);
        checkTold(world, past);
        sentCount += past.sent.size;
        removedCount += past.removed.size;
      }),
      { seed, numRuns: 200 },
    );
    expect(sentCount, 'something has happened').to.be.above(2_500);
    expect(removedCount).to.be.above(200);
  });

  it('forgets everything when nobody is left', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const world = createMessagesWorld(bounds);
        const past: Past = { sent: new Map(), removed: new Set() };
        for (const each of all) perform(world, each, past);
        for (const connectionId of [...world.readers.keys()]) world.leave(connectionId);
        world.advance(700_000);
        expect(world.core.stats()).to.deep.equal({
          ...{ rooms: 0, viewers: 0, kept: 0, keptBytes: 0, senders: 0, repeats: 0 },
        });
        expect(world.wakeAtMs).to.equal(null);
      }),
      { seed, numRuns: 100 },
    );
  });
});

describe('messages: 10,000 damaged frames', () => {
  it('throw nowhere, and what is taken says nothing of a sender', () => {
    const world = createMessagesWorld({ messagesBurst: 1e9, messagesPerSecond: 1e9 });
    world.join('v0', { subject: 'me' });
    fc.assert(
      fc.property(mutated(frame), (value) => {
        const result = parseClientFrame(JSON.stringify(value) ?? 'null');
        parseServerFrame(JSON.stringify(value) ?? 'null');
        parseMessageDraft(value);
        parseMessageHeader(value);
        if (!result.ok) {
          const { reference } = value as { reference: unknown };
          const isMessage = (value as { type: unknown }).type === 'message';
          if (isMessage && typeof reference === 'string' && /^[\w.:-]{1,64}$/.test(reference))
            expect(result.refusal.reference).to.equal(reference);
          return;
        }
        expect(result.value).to.not.have.any.keys('from', 'role', 'id', 'header', 'sentAtMs', 'x');
        if (result.value.type !== 'message') return;
        const answer = world.send('v0', result.value, result.value.reference);
        if (!('code' in answer))
          expect(answer.message?.header).to.include({ from: 'me', role: 'viewer', room: 'room' });
        world.advance(1_000);
      }),
      { seed, numRuns: 10_000 },
    );
  });

  it('are refused where a property throws when it is read', () => {
    const property = { enumerable: true, get: () => expect.fail('read') };
    expect(parseMessageDraft(Object.defineProperty({}, 'text', property))).to.equal(null);
    expect(parseMessageHeader(Object.defineProperty({}, 'id', property))).to.equal(null);
  });
});
