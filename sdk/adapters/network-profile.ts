import type { ViewerProfile } from '../../signaling/protocol/index.ts';

/** The Network Information API, where the browser has it (Chromium). */
interface NetworkInformation extends EventTarget {
  type?: string;
  saveData?: boolean;
}

interface BatteryManager extends EventTarget {
  charging: boolean;
  level: number;
}

type HintingNavigator = Navigator & {
  connection?: NetworkInformation;
  getBattery?: () => Promise<BatteryManager>;
};

/** Watches what the browser says of the connection and the battery; reports only changes. */
export function watchNetworkProfile(
  allowed: { uploadAllowed: boolean; peersAllowed: boolean },
  metered: boolean | null,
  onChange: (profile: ViewerProfile) => void,
): { profile: ViewerProfile; close(): void } {
  const { connection, getBattery } = navigator as HintingNavigator;
  const abort = new AbortController();
  let battery: BatteryManager | null = null;
  const read = (): ViewerProfile => ({
    ...allowed,
    metered: metered ?? connection?.type === 'cellular',
    saveData: connection?.saveData === true,
    batteryLevel: battery && !battery.charging ? battery.level : null,
  });
  const watched = { profile: read(), close: () => abort.abort() };
  const update = () => {
    const profile = read();
    if (abort.signal.aborted || JSON.stringify(profile) === JSON.stringify(watched.profile)) return;
    watched.profile = profile;
    onChange(profile);
  };
  connection?.addEventListener('change', update, { signal: abort.signal });
  // Refused in some embedded pages: the level then stays unknown.
  getBattery?.call(navigator).then(
    (found) => {
      battery = found;
      for (const name of ['chargingchange', 'levelchange'])
        found.addEventListener(name, update, { signal: abort.signal });
      update();
    },
    () => {},
  );
  return watched;
}
