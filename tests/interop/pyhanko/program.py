"""One JSON request a line on standard input, one JSON answer a line on standard output. What pyHanko raises is an answer
too: {"error": "..."}.

{"do": "judge", "file", "trust": [certificates], "known": [certificates], "online": bool?, "at": milliseconds?}
    Per signature: intact, valid, coverage, changes (pyHanko's difference analysis), docmdp_ok, and the AdES verdict by
    the process of EN 319 102-1 that fits what the file holds.
{"do": "sign", "level", "in", "out", "p12", "pass", "trust": [...], "tsa": URL?, "scheme": "pss"?, "field": name?,
 "certify": 1|2|3?, "lock": [field names]?, "policy": {"id", "document": file, "uri", "notice"}?}
{"do": "extend", "in", "out", "trust": [...], "known": [...], "tsa": URL}      B-LT from B-T, B-LTA from B-LT
"""
import asyncio
import datetime
import hashlib
import io
import json
import sys
from urllib.parse import urlsplit

import aiohttp
from asn1crypto import core
from pyhanko.keys import load_certs_from_pemder
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import fields, signers, timestamps
from pyhanko.sign.ades import cades_asn1
from pyhanko.sign.ades.api import CAdESSignedAttrSpec
from pyhanko.sign.validation import ades, async_validate_pdf_signature
from pyhanko.sign.validation.dss import async_add_validation_info
from pyhanko.sign.validation.policy_decl import (LocalKnowledge, PdfSignatureValidationSpec,
                                                 RevinfoOnlineFetchingRule, RevocationInfoGatheringSpec,
                                                 SignatureValidationSpec)
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import (CertRevTrustPolicy, RevocationCheckingPolicy,
                                               RevocationCheckingRule)
from pyhanko_certvalidator.registry import SimpleTrustManager

# Every end entity's status must be known; a CA below the anchor too.
REVOCATION = CertRevTrustPolicy(
    RevocationCheckingPolicy(RevocationCheckingRule.CHECK_IF_DECLARED, RevocationCheckingRule.CHECK_IF_DECLARED))


def refuse_others():
    """aiohttp sends to 127.0.0.1 and to nothing else."""
    send = aiohttp.ClientSession._request

    async def guarded(self, method, url, **more):
        if urlsplit(str(url)).hostname != "127.0.0.1":
            raise RuntimeError("not loopback: %s" % url)
        return await send(self, method, url, **more)
    aiohttp.ClientSession._request = guarded


def certificates(names):
    return list(load_certs_from_pemder(names))


def context(q, fetch, **more):
    return ValidationContext(trust_roots=certificates(q["trust"]), other_certs=certificates(q.get("known", [])),
                             allow_fetching=fetch, revocation_mode="require" if fetch else "soft-fail", **more)


def ades_spec(q, store=None):
    """`store`: what the document's own security store holds."""
    known = certificates(q.get("known", []))
    rule = RevinfoOnlineFetchingRule.ALWAYS_FETCH if q.get("online") else RevinfoOnlineFetchingRule.LOCAL_ONLY
    policy = CertValidationPolicySpec(trust_manager=SimpleTrustManager.build(trust_roots=certificates(q["trust"])),
                                      revinfo_policy=REVOCATION)
    return PdfSignatureValidationSpec(SignatureValidationSpec(
        cert_validation_policy=policy,
        revinfo_gathering_policy=RevocationInfoGatheringSpec(online_fetching_rule=rule),
        local_knowledge=LocalKnowledge(known_certs=known + (store.known_certs if store else []),
                                       known_ocsps=store.known_ocsps if store else [],
                                       known_crls=store.known_crls if store else [])))


async def judge_one(embedded, q):
    out = {"field": embedded.field_name, "type": str(embedded.sig_object.get("/SubFilter"))}
    moment = {"moment": datetime.datetime.fromtimestamp(q["at"] / 1000, datetime.timezone.utc)} if "at" in q else {}
    status = await async_validate_pdf_signature(
        embedded, signer_validation_context=context(q, False, **moment),
        ts_validation_context=context(q, False, **moment))
    out.update(intact=status.intact, valid=status.valid, coverage=status.coverage.name, docmdp_ok=status.docmdp_ok,
               changes=status.modification_level.name if status.modification_level is not None else None)
    timing = None
    if moment:
        timing = ades.ValidationTimingInfo(validation_time=moment["moment"], best_signature_time=moment["moment"],
                                           point_in_time_validation=True)
    unsigned = embedded.signer_info["unsigned_attrs"].native or []
    out["signature_timestamp"] = any(a["type"] == "signature_time_stamp_token" for a in unsigned)
    # pyHanko's long-term process wants a signature time stamp; a signature that a document time stamp alone proves
    # (EN 319 142-1, 6.3 allows that) it judges by the basic one.
    if embedded.reader.embedded_timestamp_signatures and out["signature_timestamp"]:
        out["process"] = "long-term"  # EN 319 102-1, 5.6
        verdict = await ades.ades_lta_validation(embedded, ades_spec(q), timing_info=timing)
        out["evidence_from"] = str(verdict.oldest_evidence_record_timestamp)
    else:
        # 5.5 with the document's own security store, 5.3 where no time is proven
        with_time = out["signature_timestamp"]
        out["process"] = "with time" if with_time else "basic"
        validate = ades.ades_with_time_validation if with_time else ades.ades_basic_validation
        spec = ades_spec(q, ades._dss_to_local_knowledge(embedded.reader))
        verdict = await validate(embedded.signed_data, spec.signature_validation_spec, timing_info=timing,
                                 raw_digest=embedded.compute_digest())
    out.update(indication=verdict.ades_subindic.status.name, sub_indication=verdict.ades_subindic.name,
               why=verdict.failure_msg)
    return out


async def judge(q):
    with open(q["file"], "rb") as file:
        reader = PdfFileReader(file)
        out = {"signatures": [await judge_one(s, q) for s in reader.embedded_regular_signatures],
               "document_timestamps": len(reader.embedded_timestamp_signatures), "dss": "/DSS" in reader.root}
    return out


def policy_attributes(policy):
    with open(policy["document"], "rb") as file:
        digest = hashlib.sha256(file.read()).digest()
    notice = {"explicit_text": cades_asn1.DisplayText("utf8_string", core.UTF8String(policy["notice"]))}
    qualifiers = [{"sig_policy_qualifier_id": "sp_uri", "sig_qualifier": core.IA5String(policy["uri"])},
                  {"sig_policy_qualifier_id": "sp_unotice", "sig_qualifier": cades_asn1.SPUserNotice(notice)}]
    named = cades_asn1.SignaturePolicyId({
        "sig_policy_id": policy["id"].removeprefix("urn:oid:"),
        "sig_policy_hash": {"digest_algorithm": {"algorithm": "sha256"}, "digest": digest},
        "sig_policy_qualifiers": qualifiers})
    return CAdESSignedAttrSpec(
        signature_policy_identifier=cades_asn1.SignaturePolicyIdentifier("signature_policy_id", named))


async def sign(q):
    level = q["level"]
    signer = signers.SimpleSigner.load_pkcs12(q["p12"], passphrase=q["pass"].encode(),
                                              prefer_pss=q.get("scheme") == "pss")
    long_term = level in ("B-LT", "B-LTA")
    meta = signers.PdfSignatureMetadata(
        field_name=q.get("field", "Signature"), md_algorithm="sha256", subfilter=fields.SigSeedSubFilter.PADES,
        cades_signed_attr_spec=policy_attributes(q["policy"]) if "policy" in q else None,
        certify="certify" in q, docmdp_permissions=fields.MDPPerm(q.get("certify", 2)),
        embed_validation_info=long_term, use_pades_lta=level == "B-LTA",
        validation_context=context(q, True) if long_term else None)
    stamper = timestamps.HTTPTimeStamper(q["tsa"]) if level != "B-B" else None
    with open(q["in"], "rb") as file:
        writer = IncrementalPdfFileWriter(io.BytesIO(file.read()))
    lock = fields.FieldMDPSpec(fields.FieldMDPAction.INCLUDE, fields=q["lock"]) if "lock" in q else None
    spec = None
    if "field" not in q or lock:
        spec = fields.SigFieldSpec(meta.field_name, field_mdp_spec=lock)
    out = await signers.PdfSigner(meta, signer, timestamper=stamper, new_field_spec=spec).async_sign_pdf(writer)
    with open(q["out"], "wb") as file:
        file.write(out.getbuffer())
    return {}


async def extend(q):
    with open(q["in"], "rb") as file:
        data = io.BytesIO(file.read())
    reader = PdfFileReader(data)
    has_dss = "/DSS" in reader.root
    if not has_dss:
        for embedded in reader.embedded_regular_signatures:
            data = await async_add_validation_info(embedded, context(q, True))
            reader = PdfFileReader(data)
    else:
        stamper = signers.PdfTimeStamper(timestamps.HTTPTimeStamper(q["tsa"]))
        data = await stamper.async_timestamp_pdf(IncrementalPdfFileWriter(data), "sha256", context(q, True))
    with open(q["out"], "wb") as file:
        file.write(data.getbuffer())
    return {}


async def main():
    refuse_others()
    for line in sys.stdin:
        try:
            q = json.loads(line)
            answer = await {"judge": judge, "sign": sign, "extend": extend}[q["do"]](q)
        except Exception as e:  # the other side reports it
            answer = {"error": "%s: %s" % (type(e).__name__, e)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
