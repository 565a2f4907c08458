import { hclString, shellWord } from '../report/quoting.js';
import type { Mend } from '../types.js';
import { type AzureAccount, idOf } from './place.js';

const THIRTY = 30;

/** A change of the account, for `az` and for Terraform's azurerm_storage_account. */
export function mendAccount(of: AzureAccount, flags: string, terraform: string): Mend {
  return {
    command: `az storage account update --ids ${shellWord(idOf(of))} ${flags}`,
    terraform: inAccount(of, terraform),
  };
}

function inAccount(of: AzureAccount, lines: string): string {
  return resource('azurerm_storage_account', [
    `name                = ${hclString(of.account)}`,
    `resource_group_name = ${hclString(of.resourceGroup)}`,
    '# … as it is',
    ...lines.split('\n'),
  ]);
}

function resource(type: string, lines: readonly string[]): string {
  return [`resource "${type}" "models" {`, ...lines.map((line) => `  ${line}`), '}'].join('\n');
}

/** @param key where it lies, without a version; a placeholder where nobody has said */
export function mendKey(
  of: AzureAccount,
  key: { readonly vault: string; readonly name: string } | undefined,
): Mend {
  const { vault, name } = key ?? { vault: 'https://VAULT.vault.azure.net', name: 'KEY' };
  return {
    command: [
      '# Its identity needs the role Key Vault Crypto Service Encryption User for the key; the vault needs purge protection.',
      `az storage account update --ids ${shellWord(idOf(of))} --encryption-key-source Microsoft.Keyvault --encryption-key-vault ${shellWord(vault)} --encryption-key-name ${shellWord(name)} --encryption-key-version ''`,
    ].join('\n'),
    terraform: resource('azurerm_storage_account_customer_managed_key', [
      `storage_account_id = ${hclString(idOf(of))}`,
      '# Without a version, so that it follows the rotation.',
      `key_vault_key_id   = ${hclString(`${vault.replace(/\/$/, '')}/keys/${name}`)}`,
    ]),
  };
}

/** It can be had for a new account, or for a new scope of encryption. */
export function mendInfrastructure(of: AzureAccount): Mend {
  const warning =
    '# It is chosen when an account is made, and never changed. For this one, a scope of encryption that has it:';
  const { account, resourceGroup } = of;
  return {
    command: `${warning}\naz storage account encryption-scope create --account-name ${account} --resource-group ${shellWord(resourceGroup)} --name double --key-source Microsoft.Storage --require-infrastructure-encryption true`,
    terraform: `${warning}\n${resource('azurerm_storage_encryption_scope', [
      'name                               = "double"',
      `storage_account_id                 = ${hclString(idOf(of))}`,
      'source                             = "Microsoft.Storage"',
      'infrastructure_encryption_required = true',
    ])}`,
  };
}

export function mendPublicContainer({ account, resourceGroup, container = '' }: AzureAccount): Mend {
  return {
    command: `az storage container-rm update --storage-account ${account} --resource-group ${shellWord(resourceGroup)} --name ${shellWord(container)} --public-access off`,
    terraform: resource('azurerm_storage_container', [
      `name                  = ${hclString(container)}`,
      '# … as it is',
      'container_access_type = "private"',
    ]),
  };
}

export function mendImmutability(of: AzureAccount): Mend {
  const { account, resourceGroup, container = 'CONTAINER' } = of;
  const where = `--account-name ${account} --resource-group ${shellWord(resourceGroup)} --container-name ${shellWord(container)}`;
  return {
    command: [
      `az storage container immutability-policy create ${where} --period ${THIRTY}`,
      '# Then, and this cannot be undone, lock it; the etag is that of `az storage container immutability-policy show`:',
      `az storage container immutability-policy lock ${where} --if-match ETAG`,
    ].join('\n'),
    terraform: resource('azurerm_storage_container_immutability_policy', [
      `storage_container_resource_manager_id = ${hclString(`${idOf(of)}/blobServices/default/containers/${container}`)}`,
      `immutability_period_in_days           = ${THIRTY}`,
      '# Once it is true it stays.',
      'locked                                = true',
    ]),
  };
}

/** A change of what the account does with its blobs. */
export function mendBlobs(of: AzureAccount, flags: string, terraform: string): Mend {
  const inner = terraform.split('\n').map((line) => `  ${line}`);
  return {
    command: `az storage account blob-service-properties update --account-name ${of.account} --resource-group ${shellWord(of.resourceGroup)} ${flags}`,
    terraform: inAccount(of, ['blob_properties {', ...inner, '}'].join('\n')),
  };
}

export function mendSoftDelete(of: AzureAccount): Mend {
  return mendBlobs(
    of,
    `--enable-delete-retention true --delete-retention-days ${THIRTY} --enable-container-delete-retention true --container-delete-retention-days ${THIRTY}`,
    `delete_retention_policy {\n  days = ${THIRTY}\n}\ncontainer_delete_retention_policy {\n  days = ${THIRTY}\n}`,
  );
}

export function mendLogging(of: AzureAccount): Mend {
  const service = `${idOf(of)}/blobServices/default`;
  return {
    command: `az monitor diagnostic-settings create --name storage-audit --resource ${shellWord(service)} --workspace WORKSPACE --logs '[{"categoryGroup": "allLogs", "enabled": true}]'`,
    terraform: resource('azurerm_monitor_diagnostic_setting', [
      'name                       = "storage-audit"',
      `target_resource_id         = ${hclString(service)}`,
      'log_analytics_workspace_id = "WORKSPACE"',
      'enabled_log {',
      '  category_group = "allLogs"',
      '}',
    ]),
  };
}
