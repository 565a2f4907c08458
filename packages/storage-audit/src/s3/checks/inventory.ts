import { failed, passed, type S3Check } from '../check.js';
import { put } from '../mends.js';

export const inventory: S3Check = {
  id: 's3/inventory',
  title: 'An inventory tells how each object is encrypted',
  why: 'A default counts for new objects only. Which of the old ones are under which key, an inventory tells without reading them one by one.',
  whenSealed: 'It tells nothing of seals; it shows what changes, and is missing.',
  severity: { plain: 'info', sealed: 'info' },
  async look(facts) {
    const enabled = (await facts.inventories()).filter(({ IsEnabled: isEnabled }) => isEnabled === true);
    const telling = enabled.find(({ OptionalFields: fields = [] }) => fields.includes('EncryptionStatus'));
    if (telling !== undefined)
      return passed(`The inventory ${String(telling.Id).slice(0, 64)} tells how objects are encrypted.`);
    const { bucket } = facts;
    const configuration = {
      Id: 'encryption',
      IsEnabled: true,
      IncludedObjectVersions: 'All',
      OptionalFields: ['EncryptionStatus', 'BucketKeyStatus'],
      Schedule: { Frequency: 'Weekly' },
      Destination: { S3BucketDestination: { Bucket: 'arn:aws:s3:::INVENTORY-BUCKET', Format: 'Parquet' } },
    };
    return failed(
      enabled.length === 0
        ? 'There is no inventory.'
        : 'No inventory has the field EncryptionStatus, which tells how objects are encrypted.',
      {
        command: put(
          bucket,
          'put-bucket-inventory-configuration --id encryption',
          'inventory-configuration',
          configuration,
        ),
        terraform: `resource "aws_s3_bucket_inventory" "encryption" {
  bucket                   = "${bucket}"
  name                     = "encryption"
  included_object_versions = "All"
  optional_fields          = ["EncryptionStatus", "BucketKeyStatus"]
  schedule {
    frequency = "Weekly"
  }
  destination {
    bucket {
      format     = "Parquet"
      bucket_arn = "arn:aws:s3:::INVENTORY-BUCKET"
    }
  }
}`,
      },
    );
  },
};
