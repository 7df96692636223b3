// Whether a text is a range of versions, by npm's rules (protocol.md 5.3), as far as a page has to know: nobody
// should wait for a server to refuse a slip of the pen. What a range means is the server's to know, and so are
// the accidents of npm's reader: where they would matter, a text is taken for a range.

/** A number ends where npm's does: each digit of one without an end might be where it begins. */
const part = '(?:0|[1-9]\\d{0,256}|[xX*])';
const tail = '[\\dA-Za-z*-]+(?:\\.[\\dA-Za-z*-]+)*';
/** Versions that may stop early or have an `x` in them. */
const versions = new RegExp(`${part}(?:\\.${part}(?:\\.${part}(?:-${tail})?(?:\\+${tail})?)?)?(?![\\dA-Za-z])`, 'g');
/** What is between them, each of them being a `#`. */
const comparators = /^(?:[<>=~^v\s]*#)*\s*$/;
const hyphen = /^[v=\s]*#\s+-\s[v=\s]*#\s*$/;

export function isRange(text) {
  return text.length <= 65_536 && text.split('||').every((alternative) => {
    // npm drops a star beside a number.
    const around = alternative.replace(/#/g, '!').replace(/(\d)\*|\*(?=\d)/g, '$1').replace(versions, '#');
    return comparators.test(around) || hyphen.test(around);
  });
}
