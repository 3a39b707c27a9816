/** The same stream without a room; tests compare with `window.plain`. */
import Hls from 'hls.js';
import { type Progress, watchProgress } from './progress.ts';

const video = document.querySelector('video') as HTMLVideoElement;
const progress = watchProgress(video);
const hls = new Hls();
hls.loadSource(new URLSearchParams(location.search).get('src') ?? '');
hls.attachMedia(video);

declare global {
  interface Window {
    plain: { hls: Hls; read(): Progress; reset(): void };
  }
}
window.plain = { hls, read: progress.read, reset: progress.reset };
