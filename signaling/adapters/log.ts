/** What a log line may carry: ids and codes. Addresses, tokens and media names have no field. */
export interface LogFields {
  connectionId?: string;
  messageId?: string;
  code?: string;
  type?: string;
  url?: string;
  message?: string;
  connections?: number;
  dropped?: number;
}

export interface Log {
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
}

/** One JSON object a line, at most `linesPerSecondMax`; the next line tells how many were dropped. */
export function createLog(write: (line: string) => void, linesPerSecondMax: number): Log {
  let second = 0;
  let lines = 0;
  let dropped = 0;
  function line(level: string, event: string, fields: LogFields = {}): void {
    const nowMs = Date.now();
    if (Math.floor(nowMs / 1_000) !== second) {
      second = Math.floor(nowMs / 1_000);
      lines = 0;
    }
    if (++lines > linesPerSecondMax) {
      dropped++;
      return;
    }
    const lost = dropped > 0 ? { dropped } : {};
    dropped = 0;
    write(
      JSON.stringify({ time: new Date(nowMs).toISOString(), level, event, ...fields, ...lost }),
    );
  }
  return {
    info: (event, fields) => line('info', event, fields),
    warn: (event, fields) => line('warn', event, fields),
  };
}
