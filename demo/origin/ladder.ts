/** What is encoded: one place for the committed loop and for the running encoder. */
export interface RenditionSpec {
  name: string;
  width: number;
  height: number;
  /** Of the picture alone, constant. */
  videoBitsPerSecond: number;
  audioBitsPerSecond: number;
  fontSize: number;
}

export const segmentDurationS = 2;
export const frameRate = 25;
export const audioSampleRate = 48_000;
/** AAC-LC and H.264 Main 3.0: what `encodeArguments` makes. */
export const audioCodecs = 'mp4a.40.2';
export const codecs = `avc1.4d401e,${audioCodecs}`;

/** A small picture at a real rate: cheap to decode in a wall of viewers, as heavy on the network as a real stream. */
export const ladder: readonly RenditionSpec[] = [
  {
    name: 'high',
    width: 320,
    height: 180,
    videoBitsPerSecond: 1_360_000,
    audioBitsPerSecond: 64_000,
    fontSize: 26,
  },
  {
    name: 'low',
    width: 256,
    height: 144,
    videoBitsPerSecond: 330_000,
    audioBitsPerSecond: 48_000,
    fontSize: 22,
  },
];

/** Inputs: a moving test picture, taller than needed by its own clock, and one beep a second. */
export function inputArguments(realtime: boolean): string[] {
  const pace = realtime ? ['-re'] : [];
  const picture = `testsrc2=size=320x224:rate=${frameRate}`;
  const sound = `sine=frequency=220:beep_factor=4:sample_rate=${audioSampleRate}`;
  return [...pace, '-f', 'lavfi', '-i', picture, ...pace, '-f', 'lavfi', '-i', sound];
}

/** One `-filter_complex` for all renditions, labelled by name. Noise keeps the encoder at its full rate. */
export function filterGraph(specs: readonly RenditionSpec[], clockPeriodS: number): string {
  const split = `[0:v]crop=320:180:0:44,noise=alls=20:allf=t,split=${specs.length}${specs.map((_, i) => `[s${i}]`).join('')}`;
  const clock = `%{eif\\:floor(mod(t\\,${clockPeriodS})/60)\\:d\\:2}\\:%{eif\\:mod(mod(t\\,${clockPeriodS})\\,60)\\:d\\:2}.%{eif\\:mod(n\\,${frameRate})\\:d\\:2}`;
  const branches = specs.map(
    (spec, i) =>
      `[s${i}]scale=${spec.width}:${spec.height},drawtext=font='DejaVu Sans Mono':text='${clock} ${spec.name}':` +
      `fontcolor=white:fontsize=${spec.fontSize}:box=1:boxcolor=black@0.75:boxborderw=6:x=12:y=h-th-14[${spec.name}]`,
  );
  return [split, ...branches].join(';');
}

/** Of a rendition with its sound. Closed groups of pictures of one segment each, no B-frames: every segment starts clean. */
export function encodeArguments(spec: RenditionSpec): string[] {
  return [...videoArguments(spec), ...audioArguments(spec.audioBitsPerSecond)];
}

export function videoArguments(spec: RenditionSpec): string[] {
  const gop = segmentDurationS * frameRate;
  const rate = String(spec.videoBitsPerSecond);
  return [
    ...['-map', `[${spec.name}]`],
    ...[
      '-c:v',
      'libx264',
      '-profile:v',
      'main',
      '-level',
      '3.0',
      '-pix_fmt',
      'yuv420p',
      '-bf',
      '0',
    ],
    ...['-b:v', rate, '-maxrate', rate, '-bufsize', String(spec.videoBitsPerSecond / 2)],
    ...['-x264-params', `keyint=${gop}:min-keyint=${gop}:scenecut=0:open_gop=0`],
  ];
}

export function audioArguments(bitsPerSecond: number): string[] {
  return ['-map', '1:a', '-c:a', 'aac', '-b:a', String(bitsPerSecond), '-ac', '1'];
}

/** Muxed fMP4 segments named by media sequence. Without an edit list, which MSE would treat in its own way. */
export function hlsArguments(folder: string): string[] {
  return [
    ...['-f', 'hls', '-hls_time', String(segmentDurationS), '-hls_segment_type', 'fmp4'],
    ...['-hls_segment_options', 'use_editlist=0', '-hls_fmp4_init_filename', 'init.mp4'],
    ...['-hls_segment_filename', `${folder}/%d.m4s`],
  ];
}
