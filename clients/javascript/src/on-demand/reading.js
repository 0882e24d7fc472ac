/** What can be sent to who declares a channel otherwise, and why the rest cannot (docs/wire.md, Descriptions; docs/evolving.md). */

const ROWS = "int:float bytes:bytearray,memoryview bytearray:bytes,memoryview memoryview:bytes,bytearray";
const TEXTS = "date:str time:str timedelta:str decimal:str uuid:str";
/** What a word is read as beside itself. */
const WIDER = Object.fromEntries(`${ROWS} ${TEXTS}`.split(" ").map((row) => row.split(":")).map(([one, rest]) => [one, rest.split(",")]));
const WORDS = new Set(["none", "bool", "float", "str", "datetime", "ext", "any", "raw", ...Object.keys(WIDER)]);
/** What a word reads of given values, by their types here. */
const READS = new Map([["none", ["null"]], ["str", ["string"]], ["int", ["number", "bigint"]], ["float", ["number", "bigint"]]]);
const [ARRAYS, SETS, VALUES] = [["list", "set", "frozenset", "vartuple", "tuple"], ["set", "frozenset"], ["enum", "literal", "flag"]];
const [MAX_STEPS, MAX_TEXT] = [200_000, 600];
const [REQUIRED, OPTIONAL, ODD] = [0, 2, ["datetime", "ext", "raw"]];
/** How answers come. */
const WAYS = new Map([["once", "at once"], ["items", "in items"]]);

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
const isClass = Number.isInteger;
const isOf = (type, words) => Array.isArray(type) && words.includes(type[0]);
const members = (type) => (type == null ? [] : isOf(type, ["union"]) ? type.slice(1) : [type]);
/** A class, or an array or a map of others. */
const isMade = (type) => isClass(type) || (Array.isArray(type) && !isOf(type, VALUES));
/** As what is declared nowhere it does not arrive. */
const isOdd = (type) => ODD.includes(type) || (isOf(type, ["dict"]) && members(type[1]).some(isMade));
/** One of these is described by its values, of which some are integers: then no float reads one. */
const ofIntegers = (several) =>
  several.some((each) => isOf(each, VALUES) && each.some((value) => ["number", "bigint"].includes(typeof value)));
const valuesOf = ([word, ...values]) => (word === "literal" ? values : values.slice(1));
const bits = (values) => values.reduce((all, each) => all | BigInt(each), 0n);
const because = (where, what, mend) => ({ where, text: `${where} ${what}; ${mend}` });
const cut = (text) => (text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text);
const first = (items, look) => {
  for (const [at, item] of items.entries()) {
    const found = look(item, at);
    if (found) return found;
  }
  return null;
};

/** What `writer` describes, read as `reader` describes it: flaw(written, read, where) is null, or the reason against it. */
function reading([, writes], [, reads], wrote, at) {
  const well = new Set(); // pairs of classes that are taken for well: they are, or they are being looked at
  let hashed = false; // what is looked at has to have a hash: it is an item of a set, or a key
  let steps = 0;
  const spelled = (type, definitions) => cut(definitions[type]?.[1] ?? JSON.stringify(type));
  const differ = (written, read, where) => {
    const one = spelled(written, writes);
    const what = `is ${one} at ${wrote}, ${spelled(read, reads)} at ${at}`;
    return because(where, what, `let ${at} read ${one} as well, or leave the field and add one of another name`);
  };
  const strictly = (name, where) =>
    because(`${where}.${name}`, `is unknown at ${at}, which forbids unknown fields`, `add it at ${at} first`);
  const lacks = (fields, where) => {
    const [name] = fields.find(([, presence]) => presence === REQUIRED) ?? [];
    const mend = `give it a default at ${at}, or add it at ${wrote} first`;
    return name === undefined ? null : because(`${where}.${name}`, `is required at ${at}, and ${wrote} does not have it`, mend);
  };

  function flaw(written, read, where) {
    if ((steps += 1) > MAX_STEPS) throw new RangeError("it is described in too many words to be compared");
    const [word, ...items] = Array.isArray(written) ? written : [written];
    const [other, ...others] = Array.isArray(read) ? read : [read];
    if (word === "union" && items.includes("any") && read !== "any") return flaw("any", read, where);
    if (word === "union") return first(items, (each) => flaw(each, read, where));
    if (members(read).includes("any")) return anything(written, where);
    if (read === "raw") return typeof written !== "string" || WORDS.has(written) ? null : differ(written, read, where);
    if (isOf(written, VALUES)) return values(written, read, where);
    if (other === "union") return oneOf(written, others, read, where);
    if (isClass(written) && isClass(read)) return classes(written, read, where, false);
    if (typeof written === "string" && WORDS.has(word) && (word === read || WIDER[word]?.includes(read))) return null;
    if (word === "dict" && other === "dict" && items.length === 2 && others.length === 2)
      return keyed(items[0], others[0], `a key of ${where}`) ?? flaw(items[1], others[1], `${where}[…]`);
    return isOf(written, ARRAYS) && isOf(read, ARRAYS) ? array(written, read, where) : differ(written, read, where);
  }

  function anything(written, where) {
    if (typeof written === "string" && !WORDS.has(written)) return differ(written, "any", where);
    if (hashed && isMade(written)) return because(where, `is an array or a class at ${wrote}, and Any at ${at}`, `declare it at ${at}`);
    const seen = new Set();
    for (const left = [written]; left.length > 0; ) {
      const type = left.pop();
      steps += 1;
      if (isOdd(type)) return because(where, `has at ${wrote} what is not read as Any at ${at}`, `declare its type at ${at}`);
      if (Array.isArray(type) && !isOf(type, VALUES)) left.push(...type.slice(1));
      if (!isClass(type) || seen.has(type)) continue;
      seen.add(type);
      left.push(...(writes[type]?.[4] ?? []).map((field) => field[2]));
    }
    return null;
  }

  /** As `flaw`, of an item of a set, or of a key. */
  function keyed(written, read, where) {
    const before = hashed;
    hashed = true;
    const found = flaw(written, read, where);
    hashed = before;
    return found;
  }

  function readsValue(value, word, read) {
    if (READS.has(read)) return READS.get(read).includes(value === null ? "null" : typeof value);
    if (!isOf(read, VALUES)) return read === "any" || read === "raw";
    const known = valuesOf(read);
    if (read[0] !== "flag" || word === "flag") return known.includes(value);
    return (isClass(value) || typeof value === "bigint") && (BigInt(value) & ~bits(known)) === 0n;
  }

  function values(written, read, where) {
    const [word] = written;
    let several = members(read);
    const floats = !ofIntegers(several);
    if (word === "flag") {
      if (several.includes("int") || (floats && several.includes("float"))) return null;
      several = several.filter((each) => isOf(each, ["flag"])).slice(0, 1);
    } else if (!floats) several = several.filter((each) => each !== "float");
    const missing = valuesOf(written).filter((value) => !several.some((each) => readsValue(value, word, each)));
    if (missing.length === 0) return null;
    if (!several.some((each) => isOf(each, VALUES))) return differ(written, read, where);
    const shown = missing.slice(0, 8).map((value) => (typeof value === "bigint" ? `${value}` : JSON.stringify(value)));
    return because(where, `may be ${shown.join(", ")} at ${wrote}, which ${at} does not know`, `add that at ${at} first`);
  }

  function oneOf(written, several, read, where) {
    if (!isClass(written)) {
      const able = written === "int" && ofIntegers(several) ? several.filter((each) => each !== "float") : several;
      const found = able.map((each) => flaw(written, each, where));
      const inside = found.filter((each) => each?.where !== where);
      return found.includes(null) ? null : inside.length === 1 ? inside[0] : differ(written, read, where);
    }
    // One that travels as a map and one as an array are told apart without a tag.
    const isMap = (definition) => definition[0] === "map";
    const alike = (each) => !writes[written] || !reads[each] || isMap(writes[written]) === isMap(reads[each]);
    const known = several.filter((each) => isClass(each) && alike(each));
    const fitting = known.filter((each) => known.length === 1 || same(reads[each]?.[2], writes[written]?.[2]));
    return fitting.length === 1 ? classes(written, fitting[0], where, known.length > 1) : differ(written, read, where);
  }

  function array(written, read, where) {
    const [[word, ...items], [other, ...others]] = [written, read];
    if (other === "tuple") {
      if (word !== "tuple" || items.length !== others.length) return differ(written, read, where);
      return first(items, (item, place) => flaw(item, others[place], `${where}[${place}]`));
    }
    const drops = SETS.includes(other) && !SETS.includes(word); // items that are equal would arrive once
    if (drops || others.length !== 1) return differ(written, read, where);
    const look = SETS.includes(other) ? keyed : flaw;
    return first(items, (item) => look(item, others[0], `${where}[…]`));
  }

  function classes(written, read, where, among) {
    const pair = `${written} ${read} ${among} ${hashed}`;
    if (well.has(pair)) return null;
    if (!writes[written] || !reads[read]) return because(where, "is of a type that is not described", "describe it");
    const before = well.size;
    well.add(pair);
    const found = fields(writes[written], reads[read], where, among);
    if (found) for (const each of [...well].slice(before)) well.delete(each);
    return found;
  }

  function fields([form, , tag, , ours], [other, , theirTag, strict, theirs], where, among) {
    const arrays = (form !== "map") + (other !== "map");
    if (arrays === 1 || ![form, other].every((each) => ["map", "array", "tuple"].includes(each)))
      return because(where, `travels as ${form} from ${wrote}, and as ${other} to ${at}`, "declare both alike");
    const must = among || arrays === 2 || tag != null;
    if (!same(tag ?? null, theirTag ?? null) && (theirTag != null || arrays === 2) && must)
      return because(where, `has the tag ${tag} at ${wrote}, ${theirTag} at ${at}`, "give both the same tag");
    if (arrays === 2) return places(ours, theirs, strict || other === "tuple", where);
    const left = new Map(theirs.map((field) => [field[0], field]));
    for (const [name, presence, type] of ours) {
      const known = left.get(name);
      left.delete(name);
      steps += 1;
      if (tag == null && theirTag?.[0] === name)
        return because(`${where}.${name}`, `is the tag at ${at}`, "call the field otherwise");
      if (!known && strict) return strictly(name, where);
      const found = known ? flaw(type, known[2], `${where}.${name}`) : null;
      if (found) return found;
      if (presence === OPTIONAL && known?.[1] === REQUIRED)
        return because(`${where}.${name}`, `may be left out by ${wrote}, and ${at} requires it`, `give it a default at ${at}`);
    }
    if (tag != null && theirTag == null && left.has(tag[0]))
      return because(`${where}.${tag[0]}`, `is the tag of ${wrote}`, "call the field otherwise");
    if (tag != null && strict && theirTag == null) return strictly(tag[0], where);
    return lacks([...left.values()], where);
  }

  function places(ours, theirs, whole, where) {
    const both = ours.slice(0, theirs.length);
    const found = first(both, ([name, , type], place) => {
      steps += 1;
      if (name === theirs[place][0]) return flaw(type, theirs[place][2], `${where}.${name}`);
      const mend = "keep the order of fields that travel as an array, and add new ones at its end";
      return because(`${where}[${place}]`, `is ${name} at ${wrote}, ${theirs[place][0]} at ${at}`, mend);
    });
    if (found) return found;
    if (ours.length > theirs.length && whole) return strictly(ours[theirs.length][0], where);
    return lacks(theirs.slice(ours.length), where);
  }

  return flaw;
}

/** Of our messages beside those of a peer: `numbers` of those that can be sent; why others are `refused`, or their answers `unread`. */
export function compare(ours, theirs, [we, they] = ["this node", "the peer"]) {
  const [to, back] = [reading(ours, theirs, we, they), reading(theirs, ours, they, we)];
  const result = { numbers: {}, refused: {}, unread: {} };
  const known = new Map(ours[2].filter(([, type]) => isClass(type)).map(([name, type]) => [name, type]));
  for (const each of ours[2].flatMap(([, , answer]) => members(answer)))
    if (isClass(each) && ours[1][each] && !known.has(ours[1][each][1])) known.set(ours[1][each][1], each);
  // Which definition of ours each of their messages is read as; undefined where there is none.
  const reads = theirs[2].map(([name, type]) => (known.has(name) && !back(type, known.get(name), name) ? known.get(name) : undefined));
  for (const message of ours[2]) {
    const [name, type] = message;
    const place = theirs[2].findIndex(([other]) => other === name);
    const against = place < 0 ? { text: `${they} does not declare it; it is too old or too new` } : to(type, theirs[2][place][1], name);
    if (against) result.refused[name] = cut(against.text);
    else result.numbers[name] = place + 1;
    const wrong = against ? null : unread(message, theirs[2][place]);
    if (wrong) result.unread[name] = cut(wrong.text);
  }
  return result;

  /** Where one side does not say what answers a message, or how that comes, nobody knows. */
  function unread([name, , mine, comes], [, , answer, other]) {
    const where = `the answer to ${name}`;
    if (comes !== other && WAYS.has(comes) && WAYS.has(other)) {
      const what = `comes ${WAYS.get(other)} at ${they}, ${WAYS.get(comes)} at ${we}`;
      return because(where, what, "declare a message of another name for one of the two, beside this one");
    }
    if (answer == null || mine == null || mine === "any") return null;
    const some = members(mine);
    const rest = some.filter((each) => !(isClass(each) && reads.includes(each)));
    return first(members(answer), (each) => {
      const place = isClass(each) ? theirs[2].findLastIndex(([, type]) => type === each) : -1;
      if (place < 0) return back(each, rest.length === 1 ? rest[0] : ["union", ...rest], where);
      if (reads[place] !== undefined && some.includes(reads[place])) return null;
      return { text: `${where} may be ${theirs[2][place][0]} at ${they}, which ${we} cannot read, or does not expect` };
    });
  }
}
