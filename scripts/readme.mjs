// The README as the package has it: its relative links lead to files that are packed, else to the repository.

/**
 * @param {string} text the README of the repository
 * @param {object} target
 * @param {Set<string>} target.packed files of the package
 * @param {string | null} target.repository its address; without one, links that lead nowhere become text
 * @param {string} target.version whose tag the links lead to
 */
export function packageReadme(text, { packed, repository, version }) {
  return text.replace(/\[([^\]]+)\]\((?![a-z]+:|#)([^)#]+)(#[^)]*)?\)/g, (link, words, path, place = '') => {
    const inside = path === 'src/types.ts' ? 'index.d.ts' : path;
    if (packed.has(inside)) return `[${words}](${inside}${place})`;
    return repository ? `[${words}](${repository}/blob/v${version}/${path}${place})` : words;
  });
}
