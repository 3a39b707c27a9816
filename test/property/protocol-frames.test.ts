import { expect } from 'chai';
import fc from 'fast-check';
import {
  limits,
  parseClientFrame,
  parseServerFrame,
  protocolVersion,
  serverErrorCodes,
} from '../../signaling/protocol/index.ts';
import { clientFrame, normal, serverFrame } from './protocol-values.ts';

const seed = 20_260_101;

describe('protocol: parse functions', () => {
  it('give valid client frames back unchanged', () => {
    fc.assert(
      fc.property(clientFrame, (frame) => {
        expect(parseClientFrame(JSON.stringify(frame))).to.deep.equal({
          ok: true,
          value: normal(frame),
        });
      }),
      { seed, numRuns: 500 },
    );
  });

  it('give valid server frames back unchanged', () => {
    fc.assert(
      fc.property(serverFrame, (frame) => {
        expect(parseServerFrame(JSON.stringify(frame))).to.deep.equal({
          ok: true,
          value: normal(frame),
        });
      }),
      { seed, numRuns: 500 },
    );
  });

  it('refuse what is nested deep enough to break whoever walks it', () => {
    for (const depth of [3, 100, 6_000, 15_000]) {
      const nested = `${'['.repeat(depth)}${']'.repeat(depth)}`;
      const text = `{"type":"signal","to":"v","signal":{"a":${nested}}}`;
      expect(parseClientFrame(text)).to.have.property('ok', false);
    }
  });

  it('never throw, and refuse with a code, whatever text comes', () => {
    const anyText = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => new TextDecoder().decode(bytes)),
    );
    fc.assert(
      fc.property(anyText, (text) => {
        for (const parsed of [parseClientFrame(text), parseServerFrame(text)]) {
          if (parsed.ok) expect(parsed.value).to.have.property('type');
          else expect(serverErrorCodes).to.include(parsed.refusal.code);
        }
      }),
      { seed, numRuns: 2_000 },
    );
  });

  it('accept nothing that one damaged field makes wrong', () => {
    const damaged = fc.tuple(
      clientFrame,
      fc.nat(),
      fc.constantFrom(undefined, {}, [], '\u0000', -1, 1e300),
    );
    fc.assert(
      fc.property(damaged, ([frame, at, value]) => {
        const keys = Object.keys(frame);
        const key = keys[at % keys.length] ?? 'type';
        const parsed = parseClientFrame(JSON.stringify({ ...frame, [key]: value }));
        if (!parsed.ok) {
          expect(serverErrorCodes).to.include(parsed.refusal.code);
          return;
        }
        // What is still accepted is a valid frame: parsing it again changes nothing.
        expect(parseClientFrame(JSON.stringify(parsed.value))).to.deep.equal(parsed);
      }),
      { seed, numRuns: 1_000 },
    );
  });

  it('refuse what is too large, of another version, or without a token, by name', () => {
    const join = {
      type: 'join',
      version: protocolVersion,
      room: 'r',
      token: 't',
      deviceId: 'd',
      profile: {
        metered: false,
        saveData: false,
        uploadAllowed: true,
        peersAllowed: true,
        batteryLevel: null,
      },
    };
    const codeOf = (frame: unknown) => {
      const parsed = parseClientFrame(JSON.stringify(frame));
      return parsed.ok ? 'ok' : parsed.refusal.code;
    };
    expect(codeOf(join)).to.equal('ok');
    expect(codeOf({ ...join, version: 2 })).to.equal('version_unsupported');
    expect(codeOf({ type: 'join', version: 'x'.repeat(50) })).to.equal('version_unsupported');
    expect(codeOf({ ...join, token: '' })).to.equal('token_missing');
    expect(codeOf({ ...join, token: undefined })).to.equal('token_missing');
    expect(codeOf({ ...join, token: 7 })).to.equal('frame_invalid');
    expect(codeOf({ ...join, deviceId: 'a b' })).to.equal('frame_invalid');
    expect(codeOf({ ...join, room: 'r'.repeat(limits.roomNameLengthMax + 1) })).to.equal(
      'frame_invalid',
    );
    expect(codeOf('x'.repeat(limits.frameBytesMax))).to.equal('frame_too_large');
    const large = { type: 'signal', to: 'v', signal: { sdp: 'x'.repeat(limits.signalBytesMax) } };
    expect(codeOf(large)).to.equal('frame_too_large');
  });
});
