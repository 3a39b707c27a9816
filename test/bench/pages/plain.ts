/** hls.js alone: every byte comes from the edge. */
import Hls from 'hls.js';
import { startViewer } from './viewer.ts';

startViewer(({ player }) => ({ hls: new Hls(player), peerBytes: () => 0 }));
