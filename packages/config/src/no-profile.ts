import { listed } from './listed.js';

/** The rest of what is said of something that a configuration lacks: where no profile was chosen, one may have it. Empty where that is not so. */
export function noProfile(profile: string | undefined, profiles: readonly string[]): string {
  if (profile !== undefined || profiles.length === 0) return '';
  return ` No profile was chosen, and one may have it: ${listed(profiles)}. Choose by --profile, WEIGHTSEAL_PROFILE, or \`profile\` in the file.`;
}
