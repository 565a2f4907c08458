import { flagAt, listAt, STRANGE, textAt } from '../gcs/members.js';
import { failed, type Judgement, passed, unread } from '../report/judge.js';
import { mendLogging } from './mend.js';
import type { AzureAccount } from './place.js';

const CATEGORIES = ['StorageRead', 'StorageWrite', 'StorageDelete'];
/** Groups that hold all of them. */
const GROUPS = ['allLogs', 'audit'];

/** @param settings what `diagnosticSettings` lists of the blob service: https://learn.microsoft.com/rest/api/monitor/diagnostic-settings/list */
export function judgeLogging(settings: unknown, of: AzureAccount): Judgement {
  const listed = listAt(settings, 'value');
  if (listed === undefined || listed === STRANGE) return unread('The diagnostic settings are no list.');
  const logged = new Set<string>();
  for (const setting of listed) {
    const logs = listAt(setting, 'properties', 'logs') ?? [];
    if (logs === STRANGE) return unread('A diagnostic setting is not what the API has.');
    for (const log of logs) {
      const enabled = flagAt(log, 'enabled');
      const [category, group] = [textAt(log, 'category'), textAt(log, 'categoryGroup')];
      if (typeof enabled !== 'boolean') return unread('A diagnostic setting does not say whether it is on.');
      if (enabled && typeof category === 'string') logged.add(category);
      if (enabled && typeof group === 'string' && GROUPS.includes(group))
        for (const one of CATEGORIES) logged.add(one);
    }
  }
  const missing = CATEGORIES.filter((category) => !logged.has(category));
  if (missing.length === 0) return passed('Reads, writes and deletes are logged.');
  return failed(`No diagnostic setting logs ${missing.join(', ')}.`, mendLogging(of));
}
