/**
 * What our own key providers take from the environment to use a key, and the SDKs underneath them: with these a child could have any file's data key.
 */
const KEY_MATERIAL = [
  /^WEIGHTSEAL_/,
  /^VAULT_TOKEN$|^BAO_TOKEN$/,
  /^AWS_(?:ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|CONTAINER_AUTHORIZATION_TOKEN)$/,
  /^AZURE_(?:CLIENT_SECRET|CLIENT_CERTIFICATE_PASSWORD|PASSWORD)$/,
  /^(?:IDENTITY_HEADER|MSI_SECRET)$/,
];

/** The environment for a command, without what opens keys; `keep` names what is left in all the same. */
export function cleanedEnvironment(
  environment: NodeJS.ProcessEnv,
  keep: readonly string[] = [],
): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(environment).filter(
      ([name]) => keep.includes(name) || !KEY_MATERIAL.some((pattern) => pattern.test(name)),
    ),
  );
}
