import { WeightsealError } from '@weightseal/core';

/** A storage account, as the Azure Resource Manager names it. */
export interface AzureAccount {
  /** The id of the subscription, a GUID. */
  readonly subscription: string;
  readonly resourceGroup: string;
  readonly account: string;
  /** One of its containers, for what containers have of their own. */
  readonly container?: string | undefined;
}

/** https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules */
const RULES: Readonly<Record<keyof AzureAccount, RegExp>> = {
  subscription: /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
  resourceGroup: /^[-\w.()]{0,89}[-\w()]$/,
  account: /^[a-z0-9]{3,24}$/,
  container: /^(?:\$root|\$web|[a-z0-9](?!.*--)[a-z0-9-]{1,61}[a-z0-9])$/,
};

/** @throws INVALID_ARGUMENT */
export function checkAccount(given: AzureAccount): void {
  for (const [name, rule] of Object.entries(RULES)) {
    const value: unknown = given[name as keyof AzureAccount];
    if (name === 'container' && value === undefined) continue;
    if (typeof value !== 'string' || !rule.test(value))
      throw new WeightsealError(
        'INVALID_ARGUMENT',
        `\`${name}\` is no such name of Azure. Give { subscription, resourceGroup, account }, and container where one is to be looked at.`,
      );
  }
}

/** The path of the account's resource. */
export function idOf({ subscription, resourceGroup, account }: AzureAccount): string {
  return `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers/Microsoft.Storage/storageAccounts/${account}`;
}
