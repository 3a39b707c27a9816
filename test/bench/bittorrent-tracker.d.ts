/** The part of the package that the bench uses; it carries no types. */
declare module 'bittorrent-tracker/server' {
  import type { EventEmitter } from 'node:events';
  import type { Server as HttpServer } from 'node:http';

  export interface TrackerOptions {
    http?: boolean;
    udp?: boolean;
    ws?: boolean;
    stats?: boolean;
    /** Between announcements of a client, in ms. */
    interval?: number;
  }

  export default class Server extends EventEmitter {
    constructor(options?: TrackerOptions);
    readonly http: HttpServer;
    listen(port: number, host: string, onListening?: () => void): void;
    close(onClosed?: (error?: Error) => void): void;
  }
}
