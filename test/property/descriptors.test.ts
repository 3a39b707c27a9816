import { expect } from 'chai';
import fc from 'fast-check';
import { isNameable } from '../../signaling/protocol/identity.ts';
import { limits, parseDescriptor } from '../../signaling/protocol/index.ts';

const seed = 20_260_110;

const digest = fc.stringMatching(/^[\w-]{43}$/);
const descriptor = fc.array(digest, { minLength: 1, maxLength: 20 }).chain((digests) =>
  fc.record({
    room: fc.string({ maxLength: limits.roomNameLengthMax }),
    segmentId: fc.string({ maxLength: limits.segmentIdBytesMax }).filter(isNameable),
    sizeBytes: fc.integer({
      min: (digests.length - 1) * limits.partBytes + 1,
      max: digests.length * limits.partBytes,
    }),
    digests: fc.constant(digests),
    createdAtMs: fc.integer({ min: 1 }),
  }),
);

describe('protocol: descriptors', () => {
  it('are given back unchanged', () => {
    fc.assert(
      fc.property(descriptor, (value) => {
        expect(parseDescriptor(JSON.stringify(value))).to.deep.equal(value);
      }),
      { seed, numRuns: 300 },
    );
  });

  it('are refused when digests and size do not fit, or a field is damaged', () => {
    const damage = fc.constantFrom(undefined, null, '', -1, 0.5, [], ['short'], 1e300, {});
    const field = fc.constantFrom('room', 'segmentId', 'sizeBytes', 'digests', 'createdAtMs');
    fc.assert(
      fc.property(descriptor, field, damage, fc.nat({ max: 5 }), (value, name, bad, more) => {
        const { sizeBytes } = value;
        const larger = { ...value, sizeBytes: sizeBytes + (more + 1) * limits.partBytes };
        expect(parseDescriptor(JSON.stringify(larger))).to.equal(null);
        if (name === 'room' && bad === '') return;
        expect(parseDescriptor(JSON.stringify({ ...value, [name]: bad }))).to.equal(null);
      }),
      { seed, numRuns: 500 },
    );
  });

  it('never throw, whatever text comes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), (text) => {
        expect(parseDescriptor(text)).to.equal(null);
      }),
      { seed, numRuns: 1_000 },
    );
  });

  it('fit a frame at their largest', () => {
    const digests = Array.from({ length: limits.partsPerDescriptorMax }, () => 'A'.repeat(43));
    const body = JSON.stringify({
      room: 'r'.repeat(limits.roomNameLengthMax),
      segmentId: 's'.repeat(limits.segmentIdBytesMax),
      sizeBytes: limits.partsPerDescriptorMax * limits.partBytes,
      digests,
      createdAtMs: Number.MAX_SAFE_INTEGER,
    });
    expect(body.length).to.be.at.most(limits.descriptorBytesMax);
    const frame = { type: 'descriptors', descriptors: [{ body, signature: 'A'.repeat(86) }] };
    expect(JSON.stringify(frame).length).to.be.at.most(limits.frameBytesMax);
  });
});
