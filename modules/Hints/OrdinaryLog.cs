namespace Refinery.Hints;

/// <summary>Lines as every healthy build writes them. A text found in here says little, so the search avoids looking for it.</summary>
internal static class OrdinaryLog
{
    /// <summary>Whether healthy logs are full of this text.</summary>
    public static bool Holds(string text) => Lines.Contains(text, StringComparison.OrdinalIgnoreCase);

    private const string Lines =
        """
        Looking in indexes: https://index.example/simple
        Collecting package==1.0 (from -r requirements.txt (line 1))
          Downloading package-1.0.tar.gz (120 kB), using cached package-1.0-py3-none-any.whl
        Processing ./package-1.0.tar.gz
          Installing build dependencies: started, finished with status 'done'
          Getting requirements to build wheel: finished with status 'done'
          Preparing metadata (pyproject.toml): finished with status 'done'
        Building wheels for collected packages: package
        Requirement already satisfied: setuptools>=61 in /usr/lib/python3/dist-packages (from package)
        Successfully built package, created wheel for package: filename=package-1.0-cp311-cp311-linux_x86_64.whl size=1234 sha256=00
          Stored in directory: /tmp/pip-ephem-wheel-cache/wheels
        running bdist_wheel, running build, running build_py, running build_ext, running install, running install_lib, running egg_info
        creating build/lib.linux-x86_64-cpython-311/package
        copying src/package/errors.py -> build/lib.linux-x86_64-cpython-311/package
        copying src/package/include/header.h -> build/lib.linux-x86_64-cpython-311/package/include
        building 'package._ext' extension, compiling with cython, linking with libraries
        x86_64-linux-gnu-gcc -Wsign-compare -DNDEBUG -g -fwrapv -O2 -Wall -fstack-protector-strong -Wformat -Werror=format-security -fPIC
        x86_64-linux-gnu-g++ -pthread -shared -Wl,-O1 -I/usr/include/python3.11 -std=c++17 -c src/module.cpp -o build/temp/module.o -lstdc++
        src/module.c: In function 'module_init': src/module.c:12:17: warning: unused variable 'result' [-Wunused-variable]
        In file included from /usr/include/python3.11/Python.h:44, from src/module.c:1: note: expanded from macro, note: declared here
        src/module.c:30:5: warning: implicit conversion, comparison of integer expressions of different signedness [-Wsign-compare]
        -- The C compiler identification is GNU 12.2.0, -- Detecting C compiler ABI info - done
        -- Check for working C compiler: /usr/bin/cc - skipped, -- Detecting C compile features - done
        -- Performing Test HAVE_FLAG - Success, -- Looking for pthread.h - found, -- Found Threads: TRUE, -- Found Python: /usr/bin/python3 (found version "3.11.2")
        -- Configuring done, -- Generating done, -- Build files have been written to: /tmp/build
        [12/345] Building CXX object CMakeFiles/core.dir/src/kernel.cpp.o, [100%] Linking CXX shared module core.so, Built target core
        checking for gcc... gcc, checking whether the C compiler works... yes, checking for stdlib.h... (cached) yes, checking for library containing dlopen... none required
        checking version of the compiler command, configure: creating ./config.status, config.status: executing libtool commands
        make[1]: Entering directory '/tmp/build', make[1]: Nothing to be done for 'all', libtool: compile: gcc, libtool: link: gcc
        Run-time dependency threads found: YES, Program python3 found: YES, Library m found: YES, Compiler for C supports arguments -Wall: YES
        Compiling serde v1.0.0, Finished release [optimized] target(s) in 1m 02s, Compiling proc-macro2 v1.0.0 (environment: release)
        writing manifest file 'package.egg-info/SOURCES.txt', reading manifest template 'MANIFEST.in', adding license file 'LICENSE', no previously-included files found matching '*.pyc'
        DeprecationWarning: this package is deprecated, SetuptoolsDeprecationWarning: install is deprecated, is not a supported way; please use build instead
        """;
}
