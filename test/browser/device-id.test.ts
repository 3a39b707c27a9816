import { expect } from 'chai';
import { loadDeviceId } from '../../sdk/adapters/device-id.ts';
import * as limits from '../../signaling/protocol/limits.ts';

const key = 'holdfast.deviceId';

describe('device id', () => {
  const forgetPage = () => Reflect.deleteProperty(globalThis, Symbol.for(key));
  beforeEach(() => {
    localStorage.clear();
    forgetPage();
  });

  it('is random, fits the wire, and stays with the profile', () => {
    const id = loadDeviceId();
    expect(id).to.match(/^[0-9a-f]{32}$/);
    expect(id.length).to.be.at.most(limits.idLengthMax);
    forgetPage(); // as a reload would
    expect(loadDeviceId()).to.equal(id);
    localStorage.clear();
    forgetPage();
    expect(loadDeviceId()).to.not.equal(id);
  });

  it('is written anew when something else is kept under its name', () => {
    for (const kept of ['', 'x'.repeat(5_000), '{"a":1}']) {
      localStorage.setItem(key, kept);
      const id = loadDeviceId();
      expect(id).to.match(/^[0-9a-f]{32}$/);
      expect(localStorage.getItem(key)).to.equal(id);
    }
  });

  it('is one id for the page where storage is refused', () => {
    const { getItem, setItem } = Storage.prototype;
    const refuse = () => {
      throw new DOMException('refused', 'SecurityError');
    };
    Object.assign(Storage.prototype, { getItem: refuse, setItem: refuse });
    try {
      const id = loadDeviceId();
      expect(id).to.match(/^[0-9a-f]{32}$/);
      expect(loadDeviceId()).to.equal(id);
      forgetPage();
      expect(loadDeviceId()).to.not.equal(id);
    } finally {
      Object.assign(Storage.prototype, { getItem, setItem });
    }
  });
});
