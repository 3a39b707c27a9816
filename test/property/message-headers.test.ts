import { expect } from 'chai';
import fc from 'fast-check';
import { createMemoryDisk } from '../../sdk/adapters/memory-log.ts';
import { logEventTypes } from '../../sdk/core/messages/events.ts';
import { limits } from '../../signaling/protocol/index.ts';
import type { MessageHeader } from '../../signaling/protocol/messages.ts';
import { headerOf, openUnderTest } from '../unit/pure/classifier-under-test.ts';

const seed = 20_261_129;
const inputCount = 100_000;
const batchSize = 1_000;

const anything = fc.anything({
  ...{ maxDepth: 2, withBigInt: true, withDate: true, withMap: true, withSet: true },
  ...{ withNullPrototype: true, withObjectString: true, withSparseArray: true },
  withTypedArray: true,
});
const noString = anything.filter((value) => typeof value !== 'string');
const longerThan = (length: number) => fc.constant('x'.repeat(length + 1));
const noText = (lengthMax: number) => fc.oneof(noString, fc.constant(''), longerThan(lengthMax));
const noOneOf = (...names: string[]) =>
  fc.oneof(noString, fc.string()).filter((value) => !names.includes(value as string));
const noTime = fc.oneof(
  anything.filter((value) => typeof value !== 'number'),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -1, limits.unixMsMax * 2),
);
const isLacking = (value: unknown) => value === undefined;
const orLacking = <Value>(arbitrary: fc.Arbitrary<Value>) =>
  arbitrary.filter((value) => !isLacking(value));
const noNames = fc.oneof(
  noString.filter((value) => !Array.isArray(value)),
  fc.constant(Array(limits.mentionsMax + 1).fill('user')),
  fc.tuple(fc.constant('user'), noText(limits.subjectLengthMax)),
);

const noCount = fc.oneof(
  fc.constantFrom<unknown>('5', true, [], -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53),
  fc.integer({ max: -1 }),
);

/** What may not stand there, by the documentation alone. */
const wrongValues: Record<keyof MessageHeader, fc.Arbitrary<unknown>> = {
  id: noText(limits.idLengthMax),
  room: noText(limits.roomNameLengthMax),
  from: noText(limits.subjectLengthMax),
  role: noOneOf('viewer', 'moderator', 'host'),
  kind: noOneOf('chat', 'announcement', 'reaction'),
  to: orLacking(noText(limits.subjectLengthMax)),
  mentions: orLacking(noNames),
  replyTo: orLacking(noText(limits.idLengthMax)),
  thread: orLacking(noText(limits.idLengthMax)),
  textLength: orLacking(noCount),
  sentAtMs: noTime,
  priority: noOneOf('normal', 'high'),
  expiresAtMs: orLacking(noTime),
};

const full = headerOf({
  ...{ to: 'user-b', mentions: ['user-c'], replyTo: 'message-0', thread: 'thread-0' },
  expiresAtMs: 1_800_000_000_000,
});

const damaged = fc
  .constantFrom(...(Object.keys(wrongValues) as (keyof MessageHeader)[]))
  .chain((name) => wrongValues[name].map((value) => ({ ...full, [name]: value })));

/** Reading it throws, as do some proxies. */
const hostile = fc.constantFrom(
  {
    ...full,
    get from(): string {
      throw new Error('not for you');
    },
  },
  new Proxy(full, {
    get() {
      throw new Error('not for you');
    },
  }),
);
const noHeader = fc.oneof(
  { weight: 7, arbitrary: damaged },
  { weight: 3, arbitrary: anything },
  { weight: 1, arbitrary: hostile },
);
const noEvent = fc.oneof(
  noHeader.map((header) => ({ type: 'seen', header })),
  noOneOf(...logEventTypes).map((type) => ({ type, header: full })),
  anything,
  hostile,
);

describe('what is no message', function () {
  this.timeout(120_000);

  it(`is invalid, ${inputCount} times, and changes nothing of log, state and explanations`, async () => {
    const { classifier, disk } = await openUnderTest(createMemoryDisk());
    await classifier.record({ type: 'seen', header: full });
    await classifier.classify(full);
    const before = JSON.stringify([await classifier.state(), [...disk.rows], disk.settings]);
    const headers = fc.sample(noHeader, { seed, numRuns: inputCount / 2 });
    const events = fc.sample(noEvent, { seed: seed + 1, numRuns: inputCount / 2 });
    for (let from = 0; from < inputCount / 2; from += batchSize) {
      const answers = await Promise.all([
        ...headers.slice(from, from + batchSize).map((header) => classifier.classify(header)),
        ...events.slice(from, from + batchSize).map((event) => classifier.record(event)),
      ]);
      answers.forEach((answer, index) => {
        const status = typeof answer === 'string' ? answer : answer.status;
        if (status !== 'invalid') expect.fail(`${status}: number ${from} + ${index}`);
      });
    }
    expect(JSON.stringify([await classifier.state(), [...disk.rows], disk.settings])).to.equal(
      before,
    );
    expect(await classifier.explain(full.id)).to.not.equal(null);
    await classifier.close();
  });

  it('is told from what is one, whatever its ids are', async () => {
    const { classifier } = await openUnderTest();
    const id = (length: number) => fc.string({ unit: 'binary', minLength: 1, maxLength: length });
    const header = fc.record(
      {
        ...{ id: id(20), room: id(20), from: id(20), to: id(20), thread: id(20), replyTo: id(20) },
        mentions: fc.array(id(8), { maxLength: limits.mentionsMax }),
        role: fc.constantFrom('viewer', 'moderator', 'host'),
        kind: fc.constantFrom('chat', 'announcement', 'reaction'),
        priority: fc.constantFrom('normal', 'high'),
        sentAtMs: fc.double({ min: 0, max: limits.unixMsMax, noNaN: true }),
        expiresAtMs: fc.nat(),
      },
      { requiredKeys: ['id', 'room', 'from', 'role', 'kind', 'priority', 'sentAtMs'] },
    );
    await fc.assert(
      fc.asyncProperty(header, async (valid) => {
        expect((await classifier.classify(valid)).status).to.equal('classified');
        const type = logEventTypes[0];
        expect(await classifier.record({ type, header: valid })).to.equal('recorded');
      }),
      { seed, numRuns: 500 },
    );
    await classifier.close();
  });
});
