import { readdirSync, readFileSync } from 'node:fs';

interface ProcessTime {
  pid: number;
  parentPid: number;
  ticks: number;
}

/** `USER_HZ` of Linux on every architecture that runs Chromium. */
const ticksPerSecond = 100;

/**
 * Processor time that a process, its children and theirs have used, those that have ended included.
 * @returns seconds, or null where there is no `/proc`.
 */
export function processorSeconds(rootPid: number): number | null {
  const processes = readProcesses();
  if (!processes.some(({ pid }) => pid === rootPid)) return null;
  const tree = new Set([rootPid]);
  for (const pid of tree) {
    for (const child of processes) if (child.parentPid === pid) tree.add(child.pid);
  }
  const ticks = processes
    .filter(({ pid }) => tree.has(pid))
    .reduce((total, item) => total + item.ticks, 0);
  return ticks / ticksPerSecond;
}

function readProcesses(): ProcessTime[] {
  let names: string[];
  try {
    names = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    try {
      return [parseStat(readFileSync(`/proc/${name}/stat`, 'utf8'))];
    } catch {
      return []; // ended since the folder was listed
    }
  });
}

/** A line of `/proc/<pid>/stat`, see proc_pid_stat(5). The program's name may hold spaces and brackets. */
export function parseStat(line: string): ProcessTime {
  const pid = Number.parseInt(line, 10);
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3]);
  // utime and stime, and the same of the children that ended and were waited for.
  return { pid, parentPid: field(4), ticks: field(14) + field(15) + field(16) + field(17) };
}
