"""Damage to signed files: each piece yields (what was done, the bytes), and none of them may be called valid."""
import base64
import io
import re
import zipfile


def flipped(data, at, mask=0x01):
    return data[:at] + bytes([data[at] ^ mask]) + data[at + 1:]


def spread(start, end, count):
    step = (end - start) // (count + 1)
    return [start + step * (i + 1) for i in range(count)] if step else []


def inside(content, data):
    return content in data or base64.b64encode(content) in re.sub(rb"\s", b"", data)


# --- DER: (tag, start of the value, end) of the elements one below another
def children(data, start, end):
    out = []
    while start < end:
        tag, length, at = data[start], data[start + 1], start + 2
        if length == 0x80:  # indefinite: BER; what we damage is found by its bytes instead
            raise ValueError("BER")
        if length > 0x80:
            n = length & 0x7F
            length = int.from_bytes(data[at:at + n], "big")
            at += n
        out.append((tag, at, at + length))
        start = at + length
    return out


def signer_info(cms):
    """The elements of the first SignerInfo (RFC 5652, 5.3)."""
    content_info = children(cms, *children(cms, 0, len(cms))[0][1:])
    signed_data = children(cms, *children(cms, *content_info[1][1:])[0][1:])
    return children(cms, *children(cms, *signed_data[-1][1:])[0][1:])


def cms(data, content=None):
    """Signed attributes, signature value and, where it is inside, the content."""
    fields = signer_info(data)
    attributes = next(f for f in fields if f[0] == 0xA0)
    value = next(f for f in fields if f[0] == 0x04)
    for at in spread(attributes[1], attributes[2], 3):
        yield "CMS signed attributes at %d" % at, flipped(data, at)
    for at in spread(value[1], value[2], 2):
        yield "CMS signature value at %d" % at, flipped(data, at)
    if content is not None and content in data:
        yield "CMS content", flipped(data, data.index(content) + len(content) // 2)


def pdf(data):
    """The signed bytes of the first and of the last signature, the signature itself, and a later page change."""
    ranges = [tuple(map(int, m.groups()))
              for m in re.finditer(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]", data)]
    for which, (start, length, second, rest) in {"first": ranges[0], "last": ranges[-1]}.items():
        for at in spread(start, start + length, 4) + spread(second, second + rest, 2):
            yield "PDF bytes of the %s signature at %d" % (which, at), flipped(data, at)
        hexadecimal = data[start + length + 1:second - 1]
        der = bytes.fromhex(hexadecimal.decode())
        for what, damaged in cms(der[:der_length(der)]):
            text = (damaged + der[len(damaged):]).hex().encode()
            if hexadecimal.upper() == hexadecimal:
                text = text.upper()
            yield "PDF %s signature: %s" % (which, what), data[:start + length + 1] + text + data[second - 1:]
    yield "PDF page changed after signing", appended_page_change(data)


def der_length(der):
    if der[1] == 0x80:
        raise ValueError("BER")
    n = der[1] & 0x7F if der[1] > 0x80 else 0
    return 2 + n + (int.from_bytes(der[2:2 + n], "big") if n else der[1])


def appended_page_change(data):
    """An incremental update that gives the first page other content: the classic forgery."""
    page = re.search(rb"(\d+) 0 obj\s*<<(?:(?!endobj).)*?/Type\s*/Page\b(?:(?!endobj).)*?endobj", data, re.S)
    if not page:
        return data + b"\n%%changed\n"
    number = int(page.group(1))
    body = page.group(0)[page.group(0).index(b"obj") + 3:-6].strip()
    body = re.sub(rb"/MediaBox\s*\[[^\]]*\]", b"/MediaBox [0 0 100 100]", body)
    previous = int(re.findall(rb"startxref\s+(\d+)", data)[-1])
    root = re.findall(rb"/Root\s+(\d+ \d+ R)", data)[-1]
    size = max(int(s) for s in re.findall(rb"/Size\s+(\d+)", data))
    at = len(data) + 1
    update = b"\n%d 0 obj\n%s\nendobj\n" % (number, body)
    xref = len(data) + len(update)
    update += b"xref\n%d 1\n%010d 00000 n \ntrailer\n<< /Size %d /Root %s /Prev %d >>\nstartxref\n%d\n%%%%EOF\n" % (
        number, at, size, root, previous, xref)
    return data + update


def xml(data, content=None):
    for name in (b"SignatureValue", b"DigestValue"):
        for n, m in enumerate(re.finditer(rb"<(?:\w+:)?" + name + rb"[^>]*>\s*([A-Za-z0-9+/])", data)):
            other = b"A" if m.group(1) != b"A" else b"B"
            yield "XML %s %d" % (name.decode(), n + 1), data[:m.start(1)] + other + data[m.end(1):]
    for m in list(re.finditer(rb"<(?:\w+:)?SigningTime>(\d)", data))[:1]:
        yield "XML signing time", data[:m.start(1)] + b"3" + data[m.end(1):]
    if content is not None and content in data:
        yield "XML content", data.replace(content, flipped(content, len(content) // 2), 1)
    elif content is not None and base64.b64encode(content) in data:
        yield "XML enclosed content", data.replace(base64.b64encode(content),
                                                   base64.b64encode(flipped(content, len(content) // 2)), 1)


def rezipped(data, name, body):
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            if info.filename == name and body is None:
                continue
            new.writestr(info, body if info.filename == name else old.read(info), info.compress_type)
    return out.getvalue()


def asic(data):
    with zipfile.ZipFile(io.BytesIO(data)) as old:
        members = {i.filename: old.read(i) for i in old.infolist()}
    for name, body in members.items():
        if name == "mimetype" or name.endswith("/"):
            continue
        if not name.startswith("META-INF/"):
            yield "container: %s changed" % name, rezipped(data, name, flipped(body, len(body) // 2))
            yield "container: %s missing" % name, rezipped(data, name, None)
        elif name.endswith(".p7s"):
            for what, damaged in cms(body):
                yield "container: %s, %s" % (name, what), rezipped(data, name, damaged)
        elif name.endswith(".xml") and b"SignatureValue" in body:
            for what, damaged in xml(body):
                yield "container: %s, %s" % (name, what), rezipped(data, name, damaged)
        elif "ASiCManifest" in name:
            for m in list(re.finditer(rb"DigestValue[^>]*>\s*([A-Za-z0-9+/])", body))[:1]:
                other = b"A" if m.group(1) != b"A" else b"B"
                yield "container: %s, digest" % name, rezipped(data, name, body[:m.start(1)] + other + body[m.end(1):])


def of(form, data, content):
    """`form`: pades, cades, xades, asic-s, asic-e."""
    try:
        if form == "pades":
            yield from pdf(data)
        elif form == "cades":
            yield from cms(data, content)
        elif form == "xades":
            yield from xml(data, content)
        else:
            yield from asic(data)
    except ValueError as e:
        if str(e) != "BER":
            raise
