import wrtc from '@roamhq/wrtc';

/** A native channel tells of its buffer late, and of none that was empty when it was asked: it is looked at so often. */
const lookMs = 2;

/**
 * Gives Node the WebRTC of a browser, for `createPeerLinks()`, which takes it from the global scope: to be called before
 * that module is loaded.
 */
export function provideWebRtc(): void {
  const { RTCPeerConnection, RTCSessionDescription, RTCIceCandidate } = wrtc;
  const { prototype } = RTCPeerConnection;
  const { createDataChannel } = prototype;
  prototype.createDataChannel = function (label, init) {
    return countBuffered(createDataChannel.call(this, label, init));
  };
  Object.assign(globalThis, { RTCPeerConnection, RTCSessionDescription, RTCIceCandidate });
}

/** Counts what was handed over until the channel says that it has sent it, as browsers do. */
function countBuffered(channel: RTCDataChannel): RTCDataChannel {
  const native = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(channel), 'bufferedAmount');
  const readNative = (): number => Number(native?.get?.call(channel) ?? 0);
  const send = channel.send.bind(channel);
  let bufferedBytes = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = (): void => {
    timer = undefined;
    const before = bufferedBytes;
    bufferedBytes = channel.readyState === 'open' ? readNative() : 0;
    if (bufferedBytes > 0) timer = setTimeout(look, lookMs);
    const { bufferedAmountLowThreshold: low } = channel;
    if (before > low && bufferedBytes <= low) channel.onbufferedamountlow?.(new Event('drained'));
  };
  Object.defineProperties(channel, {
    bufferedAmount: { get: () => bufferedBytes },
    // It is told here, and not twice.
    onbufferedamountlow: { value: null, writable: true },
    send: {
      value: (data: string | Uint8Array<ArrayBuffer>) => {
        send(data as string);
        bufferedBytes += typeof data === 'string' ? data.length : data.byteLength;
        timer ??= setTimeout(look, lookMs);
      },
    },
  });
  channel.addEventListener('close', () => clearTimeout(timer));
  return channel;
}
