export const { RTCPeerConnection, RTCSessionDescription, RTCIceCandidate } = globalThis;
