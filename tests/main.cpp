// One main for every Boost.Test program of the tree.
#define BOOST_TEST_MODULE vanthu
#include <boost/test/unit_test.hpp>
