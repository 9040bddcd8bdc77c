#include "daemon/net/addresses.hpp"

#include <boost/test/unit_test.hpp>

using namespace vanthu::net;
using boost::asio::ip::make_address;

BOOST_AUTO_TEST_CASE(what_is_not_of_the_public_internet_is_not_public_in_any_form) {
    for (const char* a : {"0.0.0.0",
                          "0.1.2.3",
                          "10.0.0.1",
                          "10.255.255.255",
                          "100.64.0.1",
                          "100.127.255.255",
                          "127.0.0.1",
                          "127.9.9.9",
                          "169.254.169.254",
                          "172.16.0.1",
                          "172.31.255.255",
                          "192.0.0.8",
                          "192.0.2.1",
                          "192.88.99.1",
                          "192.168.0.1",
                          "198.18.0.1",
                          "198.19.255.255",
                          "198.51.100.1",
                          "203.0.113.1",
                          "224.0.0.1",
                          "239.255.255.255",
                          "240.0.0.1",
                          "255.255.255.255",
                          "::",
                          "::1",
                          "::127.0.0.1",
                          "::ffff:127.0.0.1",
                          "::ffff:10.1.2.3",
                          "::ffff:0:127.0.0.1",
                          "64:ff9b::10.0.0.1",
                          "64:ff9b:1::8.8.8.8",
                          "100::1",
                          "2001::1",
                          "2001:0:4136:e378:8000:63bf:3fff:fdd2",
                          "2001:db8::1",
                          "2002:7f00:1::",
                          "2002:c0a8:101::1",
                          "3fff::1",
                          "fc00::1",
                          "fd12:3456::1",
                          "fe80::1",
                          "fe80::1%1",
                          "fec0::1",
                          "ff02::1",
                          "4000::1"})
        BOOST_TEST(!is_public(make_address(a)), a);
    for (const char* a : {"1.1.1.1",          "9.255.255.255",        "11.0.0.0",
                          "100.63.255.255",   "100.128.0.0",          "126.255.255.255",
                          "128.0.0.0",        "172.15.255.255",       "172.32.0.0",
                          "192.167.255.255",  "192.169.0.0",          "198.17.255.255",
                          "198.20.0.0",       "223.255.255.255",      "2400:cb00::1",
                          "2001:ee0::1",      "2606:4700:4700::1111", "::ffff:8.8.8.8",
                          "64:ff9b::8.8.8.8", "2002:808:808::1"})
        BOOST_TEST(is_public(make_address(a)), a);
}

BOOST_AUTO_TEST_CASE(an_operator_allows_hosts_addresses_and_networks) {
    allowed_hosts some;
    for (const char* good : {"OCSP.ca.ptc", "10.1.0.0/16", "192.168.1.7", "fd00::/8", "0.0.0.0/32"})
        BOOST_TEST(some.add(good), good);
    for (const char* wrong : {"", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "fd00::/129", "10.0.0", "1.2.3.4.5", "*",
                              "ca.ptc/8", "http://ca.ptc", "ca ptc", "ca.ptc:80", "10.0.0.0/-1", "0x7f.1"})
        BOOST_TEST(!some.add(wrong), wrong);
    auto holds = [&](const char* host, const char* address) { return some.holds(host, make_address(address)); };
    BOOST_TEST(holds("ocsp.ca.ptc", "127.0.0.1"));
    BOOST_TEST(holds("OCSP.CA.PTC.", "127.0.0.1"));
    BOOST_TEST(!holds("evil.ocsp.ca.ptc", "127.0.0.1"));
    BOOST_TEST(holds("x", "10.1.255.255"));
    BOOST_TEST(holds("x", "::ffff:10.1.2.3"));
    BOOST_TEST(!holds("x", "10.2.0.0"));
    BOOST_TEST(holds("x", "192.168.1.7"));
    BOOST_TEST(!holds("x", "192.168.1.8"));
    BOOST_TEST(holds("x", "fdff::1"));
    BOOST_TEST(!holds("x", "fc00::1"));
    allowed_hosts all;
    BOOST_TEST(all.add("0.0.0.0/0"));
    BOOST_TEST(all.holds("x", make_address("127.0.0.1")));
    BOOST_TEST(!all.holds("x", make_address("::1")));
    BOOST_TEST(!allowed_hosts{}.holds("x", make_address("10.0.0.1")));
}
