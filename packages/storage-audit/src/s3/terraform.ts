/** A value as an expression of Terraform's language. */
export function hcl(value: unknown, indent = ''): string {
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const items = (value as unknown[]).map((item) => `${inner}${hcl(item, inner)},\n`);
    return `[\n${items.join('')}${indent}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(
      ([name, one]) => `${inner}${nameOf(name)} = ${hcl(one, inner)}\n`,
    );
    return `{\n${members.join('')}${indent}}`;
  }
  return text(value);
}

function nameOf(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : text(name);
}

/** What would be a template is none. */
function text(value: unknown): string {
  return JSON.stringify(value).replaceAll('${', '$${').replaceAll('%{', '%%{');
}
