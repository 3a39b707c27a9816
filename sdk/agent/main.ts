#!/usr/bin/env node
/** `npx holdfast-agent`: the proxy client of a site. */
import { AgentError } from './errors.ts';
import { agentHelp, readAgentOptions } from './options.ts';
import { provideWebRtc } from './webrtc.ts';

const reportEveryMs = 10_000;
const say = (line: string) => process.stderr.write(`${line}\n`);
const mega = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

try {
  const options = readAgentOptions(process.argv.slice(2), process.env);
  if (options === null) process.stdout.write(agentHelp);
  else {
    provideWebRtc();
    // Takes the WebRTC that is there when it is loaded.
    const { startAgent } = await import('./agent.ts');
    const refused = (code: string): void => {
      process.exitCode = 1;
      say(`${code}: the room is closed to this agent`);
      void stop();
    };
    const agent = startAgent(options, { say, refused });
    const reporting = setInterval(() => {
      const { neighbours, playlists, bytesFromEdge, bytesFromPeers, bytesToPeers } = agent.stats();
      const got = `${mega(bytesFromEdge)} from the edge, ${mega(bytesFromPeers)} from peers`;
      say(
        `${neighbours} linked, ${playlists.length} playlists; ${got}, ${mega(bytesToPeers)} given`,
      );
    }, reportEveryMs);
    const stop = async (): Promise<void> => {
      clearInterval(reporting);
      await agent.close();
      // The native library keeps threads of its own.
      process.exit();
    };
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => void stop());
  }
} catch (error) {
  if (!(error instanceof AgentError)) throw error;
  say(`${error.code}: ${error.message}`);
  process.exitCode = 1;
}
