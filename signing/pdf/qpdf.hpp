// QPDF's headers. Its JSON.hh does not compile as C++23 (clang defines the defaulted destructor of a struct with
// std::vector<JSON> while JSON is incomplete); nothing here uses it, so a declaration takes its place.
#pragma once

#ifndef POINTERHOLDER_TRANSITION
#define POINTERHOLDER_TRANSITION 4 // std::shared_ptr only
#endif
#ifndef JSON_HH
#define JSON_HH
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>
class JSON;
#endif
#include <qpdf/Buffer.hh>
#include <qpdf/QPDF.hh>
#include <qpdf/QPDFExc.hh>
#include <qpdf/QPDFObjectHandle.hh>
#include <qpdf/QPDFPageObjectHelper.hh>
