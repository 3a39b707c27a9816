/** BroadcastChannel: pages of one browser profile tell one another that what they have logged was wiped. */
export interface WipeChannel {
  tell(): void;
  close(): void;
}

const channelName = 'holdfast-messages.wiped';

/** Says nothing where the browser has no such channel: pages then notice with their next write. */
export function createWipeChannel(onWiped: () => void): WipeChannel {
  try {
    const channel = new BroadcastChannel(channelName);
    channel.onmessage = onWiped;
    return { tell: () => channel.postMessage(null), close: () => channel.close() };
  } catch {
    return { tell: () => {}, close: () => {} };
  }
}
