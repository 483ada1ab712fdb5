"""Opens the result of ResultStore.OpensInVtkAndNumpy with VTK, h5py and the reader for notebooks.

The tensor has axes (rows, cols, bands) = (5, 4, 3) and estimate[r, c, b] = (4 r + c) 3 + b; VTK must
see x = cols, y = rows, z = bands. Exit code 77: VTK is not installed.
"""

import os
import sys

try:
    import h5py
    import numpy as np
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkIOHDF import vtkHDFReader
except ImportError as problem:
    print("skipped:", problem)
    sys.exit(77)

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "jobs"))
import tessera_result  # noqa: E402

folder = sys.argv[1]
path = os.path.join(folder, "result.h5")
tensor = np.arange(60.0).reshape(5, 4, 3)

reader = vtkHDFReader()
assert reader.CanReadFile(path)
reader.SetFileName(path)
reader.Update()
image = reader.GetOutput()
assert image.GetClassName() == "vtkImageData"
assert image.GetExtent() == (0, 3, 0, 4, 0, 2), image.GetExtent()
assert image.GetSpacing() == (0.25, 0.5, 5.0), image.GetSpacing()
assert image.GetOrigin() == (20.0, 10.0, 400.0), image.GetOrigin()
points = image.GetPointData()
names = sorted(points.GetArrayName(i) for i in range(points.GetNumberOfArrays()))
assert names == ["estimate", "input", "mask"], names
# VTK's points run x fastest.
estimate = vtk_to_numpy(points.GetArray("estimate")).reshape(3, 5, 4)
assert estimate.dtype == np.float64
assert np.array_equal(estimate, tensor.transpose(2, 0, 1))
assert image.GetPoint(image.FindPoint(20.25, 11.0, 405.0)) == (20.25, 11.0, 405.0)
assert points.GetArray("estimate").GetValue(image.ComputePointId((1, 2, 1))) == tensor[2, 1, 1]
single = vtk_to_numpy(points.GetArray("input")).reshape(3, 5, 4)
assert single.dtype == np.float32 and np.array_equal(single, 2 * tensor.transpose(2, 0, 1))

with h5py.File(path, "r") as file:
    dataset = file["VTKHDF/PointData/estimate"]
    assert dataset.shape == (3, 5, 4)
    assert [word.decode() for word in dataset.attrs["dims"]] == ["bands", "rows", "cols"]
    assert dataset.attrs["units"] == b"reflectance"
    assert file["result/estimate"] == dataset
    assert len(file.attrs["manifest"]) > 100000

run = tessera_result.load(folder)
assert sorted(run) == ["estimate", "input", "mask"] and "estimate" in run and run.complete
assert np.array_equal(run["estimate"], tensor)
assert np.array_equal(run["mask"], tensor.astype(np.uint8))
assert run.axes == ("rows", "cols", "bands") and run.axis_units == ("mm", "mm", "nm")
assert run.spacing == (0.5, 0.25, 5.0) and run.units == "reflectance"
assert np.array_equal(run.coordinates("bands"), [400.0, 405.0, 410.0])
assert np.array_equal(run.factors["left"], [[1, 2], [3, 4]])
assert run.manifest["deck"] == "d" * 100000
assert np.array_equal(run.metrics["step"], [1, 2])
assert np.array_equal(run.metrics["psnr"], [np.nan, 30.0], equal_nan=True)
