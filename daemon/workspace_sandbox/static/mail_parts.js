// The payload of a message of the Gmail API, taken apart.

/** The value of a header of the message, "" where there is none. */
export function header(message, name) {
  return message.payload?.headers?.find((one) => one.name.toLowerCase() === name.toLowerCase())?.value ?? "";
}

/** `{html, text, files}`: the body as HTML and as text (each "" where there is none), and the attached parts. */
export function bodies(payload) {
  const found = { html: "", text: "", files: [] };
  for (const part of leaves(payload)) {
    const attached = part.filename || header({ payload: part }, "Content-Disposition").startsWith("attachment");
    if (!attached && part.mimeType === "text/html" && !found.html) found.html = decoded(part);
    else if (!attached && part.mimeType === "text/plain" && !found.text) found.text = decoded(part);
    else if (attached || !part.mimeType.startsWith("multipart/")) found.files.push(part);
  }
  return found;
}

function leaves(part) {
  return part?.parts?.length ? part.parts.flatMap(leaves) : part ? [part] : [];
}

function decoded(part) {
  return new TextDecoder(charset(part)).decode(bytes(part.body?.data ?? ""));
}

function charset(part) {
  const name = /charset="?([^";\s]+)/i.exec(header({ payload: part }, "Content-Type"))?.[1] ?? "utf-8";
  try {
    return new TextDecoder(name).encoding;
  } catch {
    return "utf-8";
  }
}

/** base64url, as the API carries contents, as bytes. */
export function bytes(data) {
  const plain = atob(data.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (sign) => sign.charCodeAt(0));
}

/** `Ana <ana@x.example>, b@x.example` -> `["Ana", "b@x.example"]`, as short as a list of conversations needs. */
export function shortNames(value) {
  return addresses(value).map((one) => {
    const name = /^\s*"?([^"<]*?)"?\s*<([^>]*)>\s*$/.exec(one);
    return name ? name[1] || name[2] : one.trim();
  });
}

/** The addresses of a header; a comma inside quotes separates nothing. */
function addresses(value) {
  return value.match(/(?:"(?:[^"\\]|\\.)*"|[^,"])+/g)?.filter((one) => one.trim()) ?? [];
}

/** The first words of a message. The API gives them with `&lt;` and its kin; nothing of it becomes markup. */
export function snippet(message) {
  return new DOMParser().parseFromString(message.snippet ?? "", "text/html").body.textContent;
}
