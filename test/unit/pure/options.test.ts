import { expect } from 'chai';
import { HoldfastError } from '../../../sdk/errors.ts';
import { checkOptions, type RoomOptions } from '../../../sdk/options.ts';

const good: RoomOptions = { room: 'r', signaling: 'wss://x.example/s', token: 't' };

describe('options of joinRoom', () => {
  it('have defaults that upload nothing', () => {
    const checked = checkOptions(good);
    expect(checked).to.include({
      upload: false,
      peers: true,
      relayOnly: false,
      storageBytesMax: 0,
    });
  });

  const bad: [string, Partial<Record<keyof RoomOptions, unknown>>][] = [
    ['room', { room: '' }],
    ['room', { room: 'x'.repeat(129) }],
    ['signaling', { signaling: 'https://x.example' }],
    ['signaling', { signaling: undefined }],
    ['token', { token: '' }],
    ['token', { token: 7 }],
    ['deviceId', { deviceId: 'with space' }],
    ['upload', { upload: 'yes' }],
    ['uploadBytesPerSecondMax', { uploadBytesPerSecondMax: 0 }],
    ['memoryBytesMax', { memoryBytesMax: Number.NaN }],
    ['storageBytesMax', { storageBytesMax: -1 }],
    ['slowdownMax', { slowdownMax: 0.06 }],
    ['slowdownMax', { slowdownMax: Number.NaN }],
  ];
  for (const [name, change] of bad) {
    it(`refuse ${name}: ${JSON.stringify(change).slice(0, 40)}`, () => {
      const attempt = () => checkOptions({ ...good, ...change } as RoomOptions);
      expect(attempt).to.throw(HoldfastError, name).with.property('code', 'option_invalid');
    });
  }
});
